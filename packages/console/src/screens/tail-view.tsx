/** The live tail: newest on top, stopped by the button, by the space bar, or by scrolling away from the top. */
import { useEffect, useMemo } from "preact/hooks";
import type { JSX } from "preact";
import type { GroupInfo, Message, MessagesAnswer } from "tidegate/contract";
import { api, queryOf } from "../api.ts";
import { clock, count, plural, preview } from "../format.ts";
import { feed } from "../live/feed.ts";
import { keyOf, messageTail, type Tail } from "../live/tail.ts";
import { Sign } from "../parts/icons.tsx";
import { Priority } from "../parts/marks.tsx";
import { Empty } from "../parts/notices.tsx";
import { query, setQuery } from "../router.ts";
import { MessageDetail } from "./message-detail.tsx";

export function TailView({ topic, groups }: { topic: string; groups: readonly GroupInfo[] }): JSX.Element {
  const tail = useTail(topic);
  const filter = { text: query.value.get("q") ?? "", correlation: query.value.get("correlation") ?? "" };
  const rows = tail.rows.value.filter((row) => fits(row, filter.text, filter.correlation));
  const chosen = tail.rows.value.find((row) => keyOf(row) === query.value.get("message"));
  return (
    <section class="tail-section" aria-label="Live tail">
      <Toolbar tail={tail} text={filter.text} correlation={filter.correlation} shown={rows.length} />
      <div class={`split ${chosen ? "open" : ""}`}>
        <div
          class="tail panel"
          tabIndex={0}
          role="region"
          aria-label={`Messages of ${topic}, newest first`}
          onScroll={(event) => event.currentTarget.scrollTop > 24 && tail.pause()}
        >
          {rows.length === 0 ? (
            <NoRows filtered={filter.text !== "" || filter.correlation !== ""} />
          ) : (
            <ol>
              {rows.map((row) => (
                <Row key={keyOf(row)} message={row} chosen={row === chosen} />
              ))}
            </ol>
          )}
        </div>
        {chosen && <MessageDetail message={chosen} groups={groups} close={() => setQuery({ message: null })} />}
      </div>
    </section>
  );
}

function useTail(topic: string): Tail<Message> {
  const tail = useMemo(() => messageTail(), [topic]);
  useEffect(() => {
    const abort = new AbortController();
    const stop = feed.follow(topic, (frame) => tail.push(frame.items, frame.skipped));
    void backlog(topic, tail, abort.signal);
    return () => {
      abort.abort();
      stop();
    };
  }, [topic]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key !== " " ||
        (event.target instanceof Element && event.target.closest("input, textarea, select, button, a, dialog, summary"))
      )
        return;
      event.preventDefault();
      if (tail.paused.peek()) tail.resume();
      else tail.pause();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [tail]);
  return tail;
}

/** What was published before; the live feed brings the rest, so a failure here shows as a shorter list only. */
async function backlog(topic: string, tail: Tail<Message>, signal: AbortSignal): Promise<void> {
  try {
    const answer = await api<MessagesAnswer>("GET", `/api/v1/messages${queryOf({ topic, limit: 100 })}`, undefined, signal);
    tail.push(answer.items);
  } catch {
    // A topic without messages is unknown to the server until its first one.
  }
}

function fits(row: Message, text: string, correlation: string): boolean {
  if (correlation !== "" && row.correlationId !== correlation) return false;
  if (text === "") return true;
  return `${row.type} ${row.service} ${row.messageId} ${row.correlationId} ${preview(row.data, 4096)}`
    .toLowerCase()
    .includes(text.toLowerCase());
}

function Toolbar({
  tail,
  text,
  correlation,
  shown,
}: {
  tail: Tail<Message>;
  text: string;
  correlation: string;
  shown: number;
}): JSX.Element {
  const paused = tail.paused.value;
  return (
    <div class="toolbar" role="toolbar" aria-label="Live tail">
      <h2>Live tail</h2>
      <button type="button" class="button" onClick={() => (paused ? tail.resume() : tail.pause())}>
        <Sign name={paused ? "play" : "pause"} /> {paused ? "Resume" : "Pause"}
      </button>
      {paused && (
        <button type="button" class="chip" onClick={() => tail.resume()}>
          {count(tail.waiting.value)} new
        </button>
      )}
      <input
        type="search"
        aria-label="Filter the messages shown"
        placeholder="Filter type, service, data…"
        value={text}
        onInput={(event) => setQuery({ q: event.currentTarget.value })}
      />
      {correlation !== "" && (
        <button type="button" class="chip" aria-label="Remove the correlation filter" onClick={() => setQuery({ correlation: null })}>
          correlation {correlation.slice(-12)} <Sign name="close" />
        </button>
      )}
      <span class="faint">
        {plural(shown, "message")} shown{tail.skipped.value > 0 && `, ${count(tail.skipped.value)} skipped to keep up`}
      </span>
    </div>
  );
}

function Row({ message, chosen }: { message: Message; chosen: boolean }): JSX.Element {
  return (
    <li class={chosen ? "chosen" : ""}>
      <button type="button" aria-pressed={chosen} onClick={() => setQuery({ message: chosen ? null : keyOf(message) })}>
        <time>{clock(message.timestamp)}</time>
        <b>{message.type}</b>
        {message.priority === "normal" ? <span class="no-priority" /> : <Priority priority={message.priority} />}
        <span class="service">{message.service}</span>
        <code>{preview(message.data)}</code>
      </button>
    </li>
  );
}

function NoRows({ filtered }: { filtered: boolean }): JSX.Element {
  if (filtered) return <Empty title="No shown message fits the filter">The filter looks at the newest 500 messages.</Empty>;
  return <Empty title="Waiting for the next message">It appears here the moment it is published.</Empty>;
}
