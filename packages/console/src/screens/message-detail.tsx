/** One message in full: its data, its ids, and where it stands with each group of its topic. */
import type { JSX } from "preact";
import type { GroupInfo, Message } from "tidegate/contract";
import { ago, dateTime } from "../format.ts";
import { now } from "../clock.ts";
import { CopyButton } from "../parts/copy.tsx";
import { Sign } from "../parts/icons.tsx";
import { Json } from "../parts/json.tsx";
import { Priority } from "../parts/marks.tsx";
import { Facts, type Fact } from "../parts/table.tsx";
import { Deliveries } from "./deliveries.tsx";

export function MessageDetail({
  message,
  groups,
  close,
}: {
  message: Message;
  groups: readonly GroupInfo[];
  close: () => void;
}): JSX.Element {
  return (
    <aside class="detail panel" aria-label={`Message ${message.type}`}>
      <header>
        <h3>{message.type}</h3>
        <Priority priority={message.priority} />
        <button type="button" class="plain" aria-label="Close message" onClick={close}>
          <Sign name="close" />
        </button>
      </header>
      <Json value={message.data} label="data" />
      <Facts facts={factsOf(message)} />
      {groups.length > 0 && <Deliveries message={message} groups={groups} />}
      {Object.keys(message.extra).length > 0 && (
        <>
          <h4>Other fields</h4>
          <Json value={message.extra} label="other fields" />
        </>
      )}
    </aside>
  );
}

export function factsOf(message: Message): Fact[] {
  const facts: Fact[] = [
    {
      label: "Published",
      value: (
        <>
          {dateTime(message.timestamp)} <span class="faint">{ago(message.timestamp, now.value)}</span>
        </>
      ),
    },
    { label: "Service", value: message.service },
    { label: "Message id", value: <Id text={message.messageId} /> },
    { label: "Entry id", value: <Id text={message.entryId} /> },
    {
      label: "Correlation",
      value: (
        <>
          <a
            href={`/topics/${encodeURIComponent(message.topic)}?correlation=${encodeURIComponent(message.correlationId)}`}
            title="Show only messages of this correlation"
          >
            {message.correlationId}
          </a>{" "}
          <CopyButton text={message.correlationId} />
        </>
      ),
    },
  ];
  if (message.causationId) facts.push({ label: "Caused by", value: <Id text={message.causationId} /> });
  if (message.userId) facts.push({ label: "User", value: message.userId });
  if (message.traceparent) facts.push({ label: "Trace", value: <Id text={message.traceparent} /> });
  if (message.retryCount > 0 || message.maxRetries !== null)
    facts.push({ label: "Retries", value: `${message.retryCount} of ${message.maxRetries ?? "the group's limit"}` });
  return facts;
}

function Id({ text }: { text: string }): JSX.Element {
  return (
    <>
      <code>{text}</code> <CopyButton text={text} />
    </>
  );
}
