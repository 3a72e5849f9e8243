/** One span in full: its attributes, what happened within it, and the ways on to its logs and its message. */
import type { JSX } from "preact";
import type { SpanRecord } from "tidegate/contract";
import { clock, dateTime, preview, spanTime } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Sign } from "../../parts/icons.tsx";
import { Facts, type Fact } from "../../parts/table.tsx";
import { TraceStatus } from "../../parts/trace-status.tsx";
import { messageOf } from "./message-of.ts";

export function SpanDetail({ span, traceId, close }: { span: SpanRecord; traceId: string; close: () => void }): JSX.Element {
  const message = messageOf(span);
  return (
    <aside class="detail panel" aria-label={`Span ${span.name}`}>
      <header>
        <h3>{span.name}</h3>
        <TraceStatus status={span.status} />
        <button type="button" class="plain" aria-label="Close span" onClick={close}>
          <Sign name="close" />
        </button>
      </header>
      {span.error !== null && (
        <div class="attempts">
          <pre tabIndex={0} role="region" aria-label="Error">
            {span.error}
          </pre>
        </div>
      )}
      <Facts facts={factsOf(span)} />
      <p class="ways">
        <a href={`/logs?range=24h&filter=${encodeURIComponent(`trace:${traceId} span:${span.spanId}`)}`}>Log entries</a>
        {message && <a href={message.href}>Message</a>}
      </p>
      <Attributes span={span} />
      {span.events.length > 0 && <Moments span={span} />}
    </aside>
  );
}

function factsOf(span: SpanRecord): Fact[] {
  const facts: Fact[] = [
    { label: "Component", value: span.component },
    { label: "Kind", value: span.kind },
    { label: "Started", value: dateTime(span.startedAt) },
    { label: "Took", value: span.endedAt === null ? "still running" : spanTime(span.endedAt - span.startedAt) },
    {
      label: "Span id",
      value: (
        <>
          <code>{span.spanId}</code> <CopyButton text={span.spanId} label="Copy span id" />
        </>
      ),
    },
  ];
  if (span.service !== "" && span.service !== span.component) facts.splice(1, 0, { label: "Service", value: span.service });
  return facts;
}

function Attributes({ span }: { span: SpanRecord }): JSX.Element | null {
  const attributes = Object.entries(span.attributes);
  if (attributes.length === 0) return null;
  return (
    <>
      <h4>Attributes</h4>
      <dl class="attributes">
        {attributes.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{preview(String(value), 4096)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Moments({ span }: { span: SpanRecord }): JSX.Element {
  return (
    <>
      <h4>What happened</h4>
      <ol class="timeline">
        {span.events.map((event) => (
          <li key={`${event.at}${event.name}`}>
            <time>{clock(event.at)}</time> <b>{event.name}</b> {event.attributes && <code>{preview(event.attributes, 600)}</code>}
          </li>
        ))}
      </ol>
    </>
  );
}
