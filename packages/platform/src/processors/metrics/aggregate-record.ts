/** The entries of `<ns>:metrics:events`: what the leader found each second, and their way into the figures. */
import type { StreamEntry } from "../processor.ts";
import { amount, secondOf } from "./counting.ts";
import type { Subjects } from "./subjects.ts";
import type { Tally } from "./tally.ts";

/** `data` of `event_type: "messaging"`: one topic; what was counted since the entry before, and how it stands now. */
export interface MessagingAggregate {
  readonly topic: string;
  readonly published: number;
  readonly groups: Readonly<Record<string, GroupAggregate>>;
}

export interface GroupAggregate {
  readonly acked: number;
  readonly retried: number;
  readonly dead: number;
  readonly replayed: number;
  /** Messages; of a group that has gone the figures of standing are missing. */
  readonly lag?: number;
  readonly lag_seconds?: number;
  readonly pending?: number;
  /** Seconds since a consumer's last sign of life, while messages wait. */
  readonly silence?: number;
}

/** `data` of `event_type: "redis"`, each ten seconds. */
export interface RedisAggregate {
  readonly used_memory: number;
  readonly maxmemory: number;
  readonly system_memory: number;
  /** 1 while the eviction policy may take messages. */
  readonly evicting: number;
  /** Since the entry before. */
  readonly aof_delayed_fsync: number;
  readonly clients: number;
  readonly ops: number;
}

export function countAggregate(tally: Tally, subjects: Subjects, entry: StreamEntry): void {
  const at = secondOf(entry.id, Number.NaN);
  const data: unknown = JSON.parse(entry.fields["data"] ?? "null");
  if (typeof data !== "object" || data === null) return;
  if (entry.fields["event_type"] === "messaging") countMessaging(tally, subjects, data as MessagingAggregate, at);
  if (entry.fields["event_type"] === "redis") countRedis(tally, data as RedisAggregate, at);
}

// Private

function countMessaging(tally: Tally, subjects: Subjects, { topic, published, groups }: MessagingAggregate, at: number): void {
  const name = subjects.admit("topic", topic);
  tally.count("topic", name, at, { n: amount(published) });
  tally.known("topic", name, at);
  tally.total("messages", [name, "published"], amount(published));
  for (const [group, figures] of Object.entries(groups)) countGroup(tally, subjects.admit("group", `${topic}/${group}`), figures, at);
}

function countGroup(tally: Tally, subject: string, figures: GroupAggregate, at: number): void {
  const counts = { acked: amount(figures.acked), retried: amount(figures.retried), dead: amount(figures.dead) };
  tally.count("group", subject, at, counts);
  tally.known("group", subject, at);
  for (const [what, count] of Object.entries(counts)) tally.total("messages", [subject, what], count);
  if (figures.lag === undefined) return;
  const { lag, lag_seconds: age, pending, silence } = figures;
  tally.reading("group", subject, at, { lag: amount(lag), age: amount(age), pending: amount(pending), silence: amount(silence) });
}

function countRedis(tally: Tally, data: RedisAggregate, at: number): void {
  const room = amount(data.maxmemory) || amount(data.system_memory);
  const used = amount(data.used_memory);
  const share = room === 0 ? 0 : Math.round((used / room) * 10_000) / 100;
  const readings = { used, share, evicting: amount(data.evicting), clients: amount(data.clients), ops: amount(data.ops) };
  tally.reading("redis", "", at, readings);
  tally.count("redis", "", at, { aof: amount(data.aof_delayed_fsync) });
  tally.known("redis", "server", at);
}
