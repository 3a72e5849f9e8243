/** One dead letter: every attempt with its stack, newest first, and the message as it was. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { AttemptRecord, DeadLetter } from "tidegate/contract";
import { dateTime } from "../format.ts";
import { Sign } from "../parts/icons.tsx";
import { Json } from "../parts/json.tsx";
import { Facts } from "../parts/table.tsx";
import { settle } from "./dead-letter-actions.ts";
import { DeadLetterEdit } from "./dead-letter-edit.tsx";
import { factsOf } from "./message-detail.tsx";

export function DeadLetterDetail({ letter, done }: { letter: DeadLetter; done: () => void }): JSX.Element {
  const [editing, setEditing] = useState(false);
  const act = async (kind: "replay" | "discard") => {
    if (await settle(kind, { ids: [letter.id] }, 1, letter.group)) done();
  };
  return (
    <div class="letter">
      <div class="actions">
        <button type="button" class="button primary" onClick={() => void act("replay")}>
          <Sign name="replay" /> Replay this one
        </button>
        <button type="button" class="button" aria-expanded={editing} onClick={() => setEditing(!editing)}>
          Edit and replay
        </button>
        <button type="button" class="button danger-text" onClick={() => void act("discard")}>
          <Sign name="discard" /> Discard this one
        </button>
      </div>
      {editing && <DeadLetterEdit letter={letter} close={() => setEditing(false)} done={done} />}
      <div class="columns">
        <div>
          <h2>Attempts, newest first</h2>
          <ol class="attempts">
            {letter.attempts.toReversed().map((a) => (
              <Attempt key={a.attempt} record={a} />
            ))}
          </ol>
          {letter.attempts.length === 0 && <p>{letter.errorMessage}</p>}
          {letter.errorStack && letter.attempts.every((a) => !a.stack) && <Stack text={letter.errorStack} />}
        </div>
        <div>
          <h2>{letter.message ? "Data" : "Raw fields"}</h2>
          <Json value={letter.message ? letter.message.data : letter.raw} label={letter.message ? "data" : "raw fields"} />
          <Facts
            facts={[
              ...(letter.message ? factsOf(letter.message) : []),
              { label: "Stream", value: <code>{letter.originalStream}</code> },
              { label: "Dead since", value: dateTime(letter.failedAt) },
            ]}
          />
        </div>
      </div>
    </div>
  );
}

function Attempt({ record }: { record: AttemptRecord }): JSX.Element {
  return (
    <li>
      <p>
        <b>{record.attempt}.</b> <strong>{record.error}</strong>
      </p>
      <p class="faint">
        <code>{record.code}</code> · {dateTime(record.at)} · {record.consumer}
      </p>
      {record.stack && <Stack text={record.stack} />}
    </li>
  );
}

function Stack({ text }: { text: string }): JSX.Element {
  return (
    <details>
      <summary>Stack</summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}
