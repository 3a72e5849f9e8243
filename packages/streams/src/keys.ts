/**
 * Every key the library uses, with its type and owner. Names are fixed: other programs see them.
 * The unit is the partition: one topic's keys belong together and are passed to a script as a whole.
 */
import { TidegateError } from "./errors.ts";
import type { Priority } from "./message/message.ts";

export class Keys {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** stream; the normal lane, and the topic's name for other programs. */
  events(topic: string): string {
    return `${this.namespace}:${topic}:events`;
  }

  /** stream; one lane. `normal` is the topic's own key. */
  lane(topic: string, priority: Priority): string {
    return priority === "normal" ? this.events(topic) : `${this.events(topic)}:${priority}`;
  }

  /** zset due time (ms) → `<stream>/<entry id>`; owner: the group's settle scripts and the promoter. */
  retries(topic: string, group: string): string {
    return `${this.namespace}:${topic}:retry:${group}`;
  }

  /** hash `<stream>/<entry id>` → packed fields of a waiting retry; same owner and lifetime as `retries`. */
  held(topic: string, group: string): string {
    return `${this.retries(topic, group)}:held`;
  }

  /** stream; due retries, read by the group's consumers like a fifth lane. Settled entries are removed. */
  retryEvents(topic: string, group: string): string {
    return `${this.retries(topic, group)}:events`;
  }

  /** hash lane key → smallest unacknowledged entry id; written by the settle scripts, read when a group was lost. */
  position(topic: string, group: string): string {
    return `${this.namespace}:${topic}:position:${group}`;
  }

  /** hash slot → last answers of one producer, TTL 10 minutes; makes repeating a batch safe. */
  producer(topic: string, producer: string): string {
    return `${this.namespace}:${topic}:producers:${producer}`;
  }

  /** hash of a topic's settings (`lanes`, `wire`); no TTL; owner: `tide.configure`. */
  config(topic: string): string {
    return `${this.namespace}:${topic}:config`;
  }

  /** hash group → Unix ms of its last sign of life, or minus the time since when it holds nothing back (released, or its lease ran out); owners: heartbeats of our consumers, retention. */
  groupSigns(topic: string): string {
    return `${this.namespace}:${topic}:groups`;
  }

  /** string, TTL 1 h; says that a topic was removed on purpose and not lost; owner: `tide.removeTopic`. */
  removed(topic: string): string {
    return `${this.namespace}:${topic}:removed`;
  }

  /** stream; every dead letter of the namespace. */
  deadLetters(): string {
    return `${this.namespace}:dead_letter:events`;
  }

  /** hash signature → packed description and counts of one kind of failure; owner: the scripts that write and remove dead letters. */
  deadLetterIndex(): string {
    return `${this.namespace}:dead_letter:index`;
  }

  /** zset dead-letter id by its milliseconds; one kind of failure; same owner. */
  deadLetterKind(signature: string): string {
    return `${this.namespace}:dead_letter:kind:${signature}`;
  }

  /** set of the ids of replay jobs that still run; owner: the replayer. */
  runningJobs(): string {
    return `${this.namespace}:jobs:running`;
  }

  /** zset id of a replay job by its start; owner: `tide.deadLetters`, which forgets those whose hash has gone. */
  knownJobs(): string {
    return `${this.namespace}:jobs:known`;
  }

  /** hash of one replay job; TTL 30 days after its end. */
  job(id: string): string {
    return `${this.namespace}:jobs:${id}`;
  }

  /** hash of counters of a topic, `acked:<group>`, `retried:<group>`, `dead:<group>`, `replayed:<group>`, `released:<group>`, `claimed:<group>`, `moved:<group>`, `discarded`, `expired`, ever growing; owner: the settle scripts. */
  counts(topic: string): string {
    return `${this.namespace}:${topic}:counts`;
  }

  /** stream; what befell messages: one entry per settle call, capped; owner: the settle scripts, read by `tide.history`. */
  history(topic: string): string {
    return `${this.namespace}:${topic}:history`;
  }

  /** stream; per-second aggregates of messaging; capped. */
  metrics(): string {
    return `${this.namespace}:metrics:events`;
  }

  /** The topic one of whose lanes this key is, or null. */
  topicOf(key: string): string | null {
    const head = `${this.namespace}:`;
    const lane = /:events(:critical|:high|:low)?$/.exec(key);
    if (!key.startsWith(head) || lane === null) return null;
    const topic = key.slice(head.length, lane.index);
    return TOPIC.test(topic) && !RESERVED.has(topic) ? topic : null;
  }
}

/** Keys of telemetry: shared by all namespaces of a database, unless `prefix` (`TELEMETRY_PREFIX`) keeps them apart. */
export class TelemetryKeys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** stream `logs:all:stream`, `logs:request:stream`, `events:all:stream`, `events:service:stream`, …; owner: the sink, trimmed by retention. */
  stream(kind: "logs" | "events", part: string): string {
    return `${this.prefix}${kind}:${part}:stream`;
  }

  /** string, TTL 10 minutes: number of the last batch one process has written; makes repeating it safe. Owner: the sink. */
  producer(session: string): string {
    return `${this.prefix}telemetry:producers:${session}`;
  }

  /** hash of what `tide.logs.set` says, with a `version` that each change raises; owner: log control. */
  logControl(): string {
    return `${this.prefix}logs:control`;
  }

  /** hash: `~…` fields of the summary, span id → span (JSON); TTL 24 h; owner: the trace store. */
  trace(traceId: string): string {
    return `${this.prefix}trace:${traceId}`;
  }

  /** zset trace id → start (ms) of all traces kept, or of those that match one `component`, `operation`, `status` or attribute; TTL as traces. */
  traces(index: string): string {
    return `${this.prefix}traces:${index}`;
  }
}

export function checkTopic(topic: string): string {
  if (TOPIC.test(topic) && !RESERVED.has(topic) && !/\.\d+$/.test(topic)) return topic;
  throw new TidegateError("INVALID_TOPIC", `The topic name ${JSON.stringify(topic)} is not allowed.`, {
    hint: "Use up to 64 of a-z 0-9 _ . - beginning with a letter or digit, not ending in .<digits>; dead_letter and metrics are reserved.",
  });
}

export function checkGroup(group: string): string {
  if (TOPIC.test(group)) return group;
  throw new TidegateError("INVALID_GROUP", `The group name ${JSON.stringify(group)} is not allowed.`, {
    hint: "Use up to 64 of a-z 0-9 _ . - beginning with a letter or digit.",
  });
}

// Private

const TOPIC = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const RESERVED = new Set(["dead_letter", "metrics"]);
