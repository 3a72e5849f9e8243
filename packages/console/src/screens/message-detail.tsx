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
import { MessageHistory } from "./message-history.tsx";

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
      <MessageHistory topic={message.topic} id={message.messageId} groups={groups.map((g) => g.group)} />
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
    {
      label: "Message id",
      value: (
        <>
          <a href={messageHref(message)} title="This message on a page of its own">
            {message.messageId}
          </a>{" "}
          <CopyButton text={message.messageId} />
        </>
      ),
    },
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
  const trace = message.traceparent?.split("-")[1];
  if (trace)
    facts.push({
      label: "Trace",
      value: (
        <>
          <a href={`/traces/${encodeURIComponent(trace)}`}>{trace}</a> <CopyButton text={trace} />
        </>
      ),
    });
  if (message.retryCount > 0 || message.maxRetries !== null)
    facts.push({ label: "Retries", value: `${message.retryCount} of ${message.maxRetries ?? "the group's limit"}` });
  return facts;
}

function messageHref({ topic, messageId }: { topic: string; messageId: string }): string {
  return `/messages/${encodeURIComponent(topic)}/${encodeURIComponent(messageId)}`;
}

function Id({ text }: { text: string }): JSX.Element {
  return (
    <>
      <code>{text}</code> <CopyButton text={text} />
    </>
  );
}
