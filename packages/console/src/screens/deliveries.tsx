/** Where one message stands with each group: in work, waiting for a retry, dead, or neither (answered, or not read yet). */
import type { ComponentChildren, JSX } from "preact";
import type { DeadLetter, DeadLettersAnswer, GroupInfo, Message, PendingAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../api.ts";
import { now } from "../clock.ts";
import { dueIn, duration, plural } from "../format.ts";

const every = 3000;

export function Deliveries({ message, groups }: { message: Message; groups: readonly GroupInfo[] }): JSX.Element {
  return (
    <>
      <h4>Attempts</h4>
      <ul class="deliveries">
        {groups.map((g) => (
          <Delivery key={g.group} message={message} group={g.group} />
        ))}
      </ul>
    </>
  );
}

function Delivery({ message, group }: { message: Message; group: string }): JSX.Element {
  const { topic, entryId } = message;
  const pending = useResource<PendingAnswer>(`/api/pending/${encodeURIComponent(topic)}/${encodeURIComponent(group)}`, every).data;
  const dead = useResource<DeadLettersAnswer>(
    `/api/v1/dead-letters${queryOf({ topic, group, event_type: message.type, limit: 100 })}`,
  ).data;
  const letter = dead?.items.find((item) => item.originalId === entryId);
  return (
    <li>
      <a href={`/groups/${encodeURIComponent(topic)}/${encodeURIComponent(group)}`}>{group}</a>
      <span>
        {letter ? (
          <a href={hrefOf(letter, message)}>
            dead after {plural(letter.attempts.length, "attempt")}: {letter.errorMessage}
          </a>
        ) : (
          standing(pending, entryId)
        )}
      </span>
    </li>
  );
}

function standing(pending: PendingAnswer | null, entryId: string): ComponentChildren {
  if (!pending) return "…";
  const retry = pending.retrying_messages.find((r) => r.entryId === entryId);
  if (retry)
    return `retry ${dueIn(retry.dueAt, now.value)} after ${plural(retry.failures, "failure")}: ${retry.lastError ?? "no error kept"}`;
  const held = pending.pending_messages.find((p) => p.id === entryId);
  if (held) return `in work at ${held.consumer} for ${duration(held.idle_time)}, ${plural(held.delivery_count, "delivery", "deliveries")}`;
  return <span class="faint">answered, or not read yet</span>;
}

function hrefOf(letter: DeadLetter, message: Message): string {
  return `/dead-letters${queryOf({ error: [letter.topic, letter.group, message.type, letter.errorCode].join("|"), letter: letter.id })}`;
}
