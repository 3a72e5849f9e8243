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

/** A question with ways to do it; the first is the standard one. */
export interface Choice<V extends string> extends Question {
  label: string;
  choices: readonly { readonly value: V; readonly label: string }[];
}

/** `chosen`: of a choice, what was chosen. */
type Answer = (yes: boolean, chosen?: string) => void;

const open = signal<{ question: Question | Choice<string>; answer: Answer } | null>(null);

export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => ask(question, resolve));
}

/** Null: not at all. */
export function choose<V extends string>(question: Choice<V>): Promise<V | null> {
  return new Promise((resolve) => ask(question, (yes, chosen) => resolve(yes ? (chosen as V) : null)));
}

function ask(question: Question | Choice<string>, answered: Answer): void {
  open.value?.answer(false);
  open.value = {
    question,
    answer: (yes, chosen) => {
      open.value = null;
      answered(yes, chosen);
    },
  };
}

export function ConfirmDialog(): JSX.Element | null {
  const current = open.value;
  return current && <Dialog question={current.question} answer={current.answer} />;
}

function Dialog({ question, answer }: { question: Question | Choice<string>; answer: Answer }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const choices = "choices" in question ? question.choices : [];
  const [chosen, setChosen] = useState(choices[0]?.value ?? "");
  useEffect(() => dialog.current?.showModal(), []);
  const allowed = question.typed === undefined || typed === question.typed;
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => answer(false)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (allowed) answer(true, chosen);
        }}
      >
        <h2 id="confirm-title">{question.title}</h2>
        <p>{question.text}</p>
        {"choices" in question && <Choices {...question} chosen={chosen} set={setChosen} />}
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

function Choices({ label, choices, chosen, set }: Choice<string> & { chosen: string; set: (value: string) => void }): JSX.Element {
  return (
    <fieldset class="choices">
      <legend>{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} class="check">
          <input type="radio" name="choice" checked={choice.value === chosen} onChange={() => set(choice.value)} /> {choice.label}
        </label>
      ))}
    </fieldset>
  );
}
