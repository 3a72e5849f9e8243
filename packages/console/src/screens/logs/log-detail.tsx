/** One entry in full. Every value can be looked for or left out; its trace is one click away. */
import type { JSX } from "preact";
import type { LogEntry } from "tidegate/contract";
import { now } from "../../clock.ts";
import { ago, dateTime, preview } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";
import { Json } from "../../parts/json.tsx";
import { LevelMark } from "../../parts/level.tsx";
import { Facts, type Fact } from "../../parts/table.tsx";
import { setQuery } from "../../router.ts";
import { addTerm } from "./query-bar.tsx";

export function LogDetail({ entry, close }: { entry: LogEntry; close: () => void }): JSX.Element {
  const stack = stackOf(entry.fields["error"]);
  return (
    <aside class="detail panel" aria-label="Log entry">
      <header>
        <h3>{preview(entry.message, 400)}</h3>
        <LevelMark level={entry.level} />
        <button type="button" class="plain" aria-label="Close entry" onClick={close}>
          <Sign name="close" />
        </button>
      </header>
      <Facts facts={factsOf(entry)} />
      {stack !== null && (
        <div class="attempts">
          <pre tabIndex={0} role="region" aria-label="Stack">
            {stack}
          </pre>
        </div>
      )}
      <h4>As stored</h4>
      <Json value={entry} label="entry" />
    </aside>
  );
}

function factsOf(entry: LogEntry): Fact[] {
  const facts: Fact[] = [
    {
      label: "Time",
      value: (
        <>
          {dateTime(entry.at)} <span class="faint">{ago(entry.at, now.value)}</span>{" "}
          <button type="button" class="link" onClick={() => around(entry.at)}>
            a minute around it
          </button>
        </>
      ),
    },
  ];
  if (entry.traceId !== null) facts.push({ label: "Trace", value: <TraceValue id={entry.traceId} /> });
  const named = { component: entry.component, service: entry.service, event: entry.eventType, ...entry.fields };
  for (const [field, value] of Object.entries(named)) {
    if (value === null || value === undefined || value === "" || typeof value === "object") continue;
    const topic = field === "message_id" ? entry.fields["topic"] : undefined;
    facts.push({ label: field, value: <Value field={field} value={String(value)} href={messageHref(topic, value)} /> });
  }
  return facts;
}

function TraceValue({ id }: { id: string }): JSX.Element {
  return (
    <>
      <a href={`/traces/${encodeURIComponent(id)}`}>{id}</a>
      <FilterButtons field="trace" value={id} />
    </>
  );
}

/** A message's own page, where an entry names both. */
function messageHref(topic: unknown, id: unknown): string | null {
  return typeof topic === "string" && typeof id === "string" ? `/messages/${encodeURIComponent(topic)}/${encodeURIComponent(id)}` : null;
}

function Value({ field, value, href }: { field: string; value: string; href: string | null }): JSX.Element {
  const shown = preview(value, 4096);
  return (
    <>
      {href === null ? <span>{shown}</span> : <a href={href}>{shown}</a>}
      <FilterButtons field={field} value={value} />
    </>
  );
}

function FilterButtons({ field, value }: { field: string; value: string }): JSX.Element {
  if (value.length > 200) return <></>;
  return (
    <span class="include">
      <button
        type="button"
        class="plain"
        aria-label={`Only ${field} ${value}`}
        title="Only these"
        onClick={() => addTerm(field, value, false)}
      >
        <Sign name="plus" />
      </button>
      <button
        type="button"
        class="plain"
        aria-label={`Without ${field} ${value}`}
        title="Without these"
        onClick={() => addTerm(field, value, true)}
      >
        <Sign name="minus" />
      </button>
    </span>
  );
}

function around(at: number): void {
  setQuery({ filter: null, from: String(at - 30_000), to: String(at + 30_000), follow: null }, { push: true });
}

function stackOf(error: unknown): string | null {
  return typeof error === "object" && error !== null && "stack" in error && typeof error.stack === "string" ? error.stack : null;
}
