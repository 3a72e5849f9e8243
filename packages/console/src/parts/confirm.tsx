/** One question before something that cannot be taken back. The native dialog keeps focus and closes on Escape. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";

export interface Question {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  /** Must be typed before the action is allowed. */
  typed?: string;
}

const open = signal<{ question: Question; answer: (yes: boolean) => void } | null>(null);

export function confirm(question: Question): Promise<boolean> {
  open.value?.answer(false);
  return new Promise((resolve) => {
    open.value = {
      question,
      answer: (yes) => {
        open.value = null;
        resolve(yes);
      },
    };
  });
}

export function ConfirmDialog(): JSX.Element | null {
  const current = open.value;
  return current && <Dialog question={current.question} answer={current.answer} />;
}

function Dialog({ question, answer }: { question: Question; answer: (yes: boolean) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const allowed = question.typed === undefined || typed === question.typed;
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => answer(false)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (allowed) answer(true);
        }}
      >
        <h2 id="confirm-title">{question.title}</h2>
        <p>{question.text}</p>
        {question.typed !== undefined && (
          <label class="field">
            <span>
              Type <code>{question.typed}</code> to go on
            </span>
            <input value={typed} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={() => answer(false)}>
            Cancel
          </button>
          <button type="submit" class={`button ${question.danger ? "danger" : "primary"}`} disabled={!allowed}>
            {question.action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
