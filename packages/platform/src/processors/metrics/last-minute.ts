/** Messaging in the last minute, straight from the aggregates: for `GET /api/metrics`. */
import type { Store } from "@tidegate/streams";
import type { MessagingMinute } from "../../contract.ts";
import type { MessagingAggregate } from "./aggregate-record.ts";

const PAGE = 1_000;
const MINUTE = 60_000;

export async function lastMinute(store: Store, stream: string, now: number): Promise<MessagingMinute> {
  const topics: MessagingMinute["topics"] = {};
  for (let from = String(now - MINUTE); from !== "";) {
    const reply = await store.ask(["XRANGE", stream, from, "+", "COUNT", String(PAGE)]);
    const entries = Array.isArray(reply) ? reply : [];
    for (const entry of entries) add(topics, aggregateOf(entry));
    const last: unknown = entries.at(-1);
    from = entries.length < PAGE || !Array.isArray(last) ? "" : `(${String(last[0])}`;
  }
  return { seconds: MINUTE / 1000, topics };
}

// Private

function aggregateOf(entry: unknown): MessagingAggregate | null {
  const fields: unknown = Array.isArray(entry) ? entry[1] : null;
  if (!Array.isArray(fields) || !fields.includes("messaging")) return null;
  return JSON.parse(String(fields[fields.indexOf("data") + 1])) as MessagingAggregate;
}

/** Counts add up; of how things stand the last says it. */
function add(topics: MessagingMinute["topics"], aggregate: MessagingAggregate | null): void {
  if (aggregate === null) return;
  const topic = (topics[aggregate.topic] ??= { published: 0, groups: {} });
  topic.published += aggregate.published;
  for (const [name, figures] of Object.entries(aggregate.groups)) {
    const before = topic.groups[name];
    topic.groups[name] = {
      acked: (before?.acked ?? 0) + figures.acked,
      retried: (before?.retried ?? 0) + figures.retried,
      dead_lettered: (before?.dead_lettered ?? 0) + figures.dead,
      lag: figures.lag ?? 0,
      lag_seconds: figures.lag_seconds ?? 0,
      pending: figures.pending ?? 0,
    };
  }
}
