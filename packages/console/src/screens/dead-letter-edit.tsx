/** Mends one dead letter and sends it back: message id and attempts stay, type and data are what stands here. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { DeadLetter, Problem, ReplayAnswer } from "tidegate/contract";
import { api, problemOf } from "../api.ts";
import { Sign } from "../parts/icons.tsx";
import { ProblemBox, toast } from "../parts/notices.tsx";
import { jsonFault } from "./publish-form.tsx";

export function DeadLetterEdit({ letter, close, done }: { letter: DeadLetter; close: () => void; done: () => void }): JSX.Element {
  const before = { type: letter.message?.type ?? letter.raw["event_type"] ?? "", data: textOf(letter) };
  const [fields, setFields] = useState(before);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState(false);
  const wrong = jsonFault(fields.data);
  const same = fields.type === before.type && fields.data === before.data;
  const submit = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    const found = await send(letter, fields);
    setSending(false);
    setProblem(found);
    if (found === null) done();
  };
  return (
    <form class="edit-letter panel" aria-label="Edit and replay" onSubmit={(event) => void submit(event)}>
      <label class="field">
        <span>Type</span>
        <input
          required
          maxLength={256}
          value={fields.type}
          onInput={(event) => setFields({ ...fields, type: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Data (JSON)</span>
        <textarea
          rows={Math.min(20, fields.data.split("\n").length + 1)}
          spellcheck={false}
          aria-invalid={wrong !== null}
          aria-describedby={`fault-${letter.id}`}
          value={fields.data}
          onInput={(event) => setFields({ ...fields, data: event.currentTarget.value })}
        />
      </label>
      <p id={`fault-${letter.id}`} class="fault" aria-live="polite">
        {wrong}
      </p>
      {problem && <ProblemBox problem={problem} />}
      <p class="faint">It goes back to {letter.group} only, with fresh attempts. Message id and the history of attempts stay.</p>
      <div class="actions">
        <button type="submit" class="button primary" disabled={sending || wrong !== null}>
          <Sign name="replay" /> {sending ? "Replaying…" : same ? "Replay unchanged" : "Replay with these changes"}
        </button>
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}

async function send(letter: DeadLetter, fields: { type: string; data: string }): Promise<Problem | null> {
  try {
    const data: unknown = fields.data.trim() === "" ? null : JSON.parse(fields.data);
    const body = { ids: [letter.id], edit: { type: fields.type.trim(), data } };
    const { replayed } = await api<ReplayAnswer>("POST", "/api/v1/dead-letters/replay", body);
    toast(replayed === 1 ? "Changed and replayed 1 message" : "It was gone already: replayed, discarded or expired");
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

/** What cannot be decoded is shown as it is, to be mended. */
function textOf({ message, raw }: DeadLetter): string {
  return message === null ? (raw["data"] ?? raw["original.data"] ?? "") : JSON.stringify(message.data, null, 2);
}
