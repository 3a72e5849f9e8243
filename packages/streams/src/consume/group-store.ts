/** What a consumer asks of Redis, as verbs of the domain. Every act on an entry names its fence; Redis decides. */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list, record } from "../redis/shapes.ts";
import { PRIORITIES, type AttemptRecord, type Priority } from "../message/message.ts";
import { Delivery, type Source } from "./delivery.ts";

/** Names `dead-letter.lua` adds to the raw fields, and `replay.lua` takes away again. */
export const DEAD_LETTER_FIELDS = [
  "original_stream",
  "original_id",
  "group",
  "consumer",
  "status",
  "error_code",
  "error_message",
  "error_stack",
  "attempts",
] as const;

export interface GroupStoreDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly group: string;
  /** Topic → the lanes it has. */
  readonly lanes: ReadonlyMap<string, readonly Priority[]>;
}

export class GroupStore {
  readonly group: string;
  readonly #link: Link;
  readonly #scripts: Scripts;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #lanes: ReadonlyMap<string, readonly Priority[]>;

  constructor(deps: GroupStoreDeps) {
    this.group = deps.group;
    this.#link = deps.link;
    this.#scripts = deps.scripts;
    this.#keys = deps.keys;
    this.#clock = deps.clock;
    this.#lanes = deps.lanes;
  }

  async ensure(topic: string, start: string): Promise<{ created: number; restored: number }> {
    const keys = [
      ...(this.#lanes.get(topic) ?? PRIORITIES).map((lane) => this.#keys.lane(topic, lane)),
      this.#keys.retryEvents(topic, this.group),
      this.#keys.position(topic, this.group),
    ];
    const [created, restored] = list(await this.#scripts.run(this.#link, "ensure-group", keys, [this.group, start]));
    return { created: integer(created), restored: integer(restored) };
  }

  /** Returns the ids that were not ours any more. */
  async ack(source: Source, deliveries: readonly Delivery[]): Promise<Set<string>> {
    const first = deliveries[0];
    if (first === undefined) return new Set();
    const [least, largest] = bounds(deliveries);
    const args = [this.group, first.consumer, flag(source), least, largest];
    for (const delivery of deliveries) args.push(delivery.id, String(delivery.count));
    return strings(await this.#scripts.run(this.#link, "ack", [source.key, this.#position(source)], args));
  }

  /** Per delivery: true when it now waits for its retry, false when it was not ours any more. */
  async retry(delivery: Delivery, delay: number, failures: number, attempts: readonly AttemptRecord[]): Promise<boolean> {
    const { source } = delivery;
    const keys = [
      source.key,
      this.#keys.retries(source.topic, this.group),
      this.#keys.held(source.topic, this.group),
      this.#position(source),
    ];
    const fence = [this.group, delivery.consumer, flag(source), delivery.id, String(delivery.count)];
    const reply = await this.#scripts.run(this.#link, "retry", keys, [
      ...fence,
      String(delay),
      delivery.origin,
      String(failures),
      JSON.stringify(attempts),
    ]);
    return integer(list(reply)[0]) !== 0;
  }

  async deadLetter(delivery: Delivery, code: string, error: Error, attempts: readonly AttemptRecord[]): Promise<boolean> {
    const { source } = delivery;
    const values: Record<(typeof DEAD_LETTER_FIELDS)[number], string> = {
      original_stream: delivery.originalStream,
      original_id: delivery.originalId,
      group: this.group,
      consumer: delivery.consumer,
      status: "dead_letter",
      error_code: code,
      error_message: error.message.slice(0, 1_000).toWellFormed(),
      error_stack: (error.stack ?? "").slice(0, 4_000).toWellFormed(),
      attempts: JSON.stringify(attempts),
    };
    const fence = [this.group, delivery.consumer, flag(source), delivery.id, String(delivery.count)];
    const keys = [source.key, this.#keys.deadLetters(), this.#position(source)];
    return integer(await this.#scripts.run(this.#link, "dead-letter", keys, [...fence, ...Object.entries(values).flat()])) !== 0;
  }

  async promote(topic: string, limit: number): Promise<{ moved: number; nextIn: number }> {
    const keys = [this.#keys.retries(topic, this.group), this.#keys.held(topic, this.group), this.#keys.retryEvents(topic, this.group)];
    const [moved, nextIn] = list(await this.#scripts.run(this.#link, "promote", keys, [String(limit)]));
    return { moved: integer(moved), nextIn: integer(nextIn) };
  }

  /** Takes over what its owner has not touched for `lease` ms and moves the source's cursor on. */
  async claim(source: Source, consumer: string, lease: number, limit: number): Promise<{ deliveries: Delivery[]; vanished: number }> {
    const args = [this.group, consumer, String(lease), source.claimCursor, String(limit)];
    const [cursor, taken, gone] = list(await this.#scripts.run(this.#link, "claim", [source.key], args));
    source.claimCursor = String(cursor ?? "0-0");
    const now = this.#clock.now();
    const deliveries = list(taken).map((one) => {
      const [id, count, fields] = list(one);
      return new Delivery(source, String(id), consumer, integer(count), record(fields), now);
    });
    return { deliveries, vanished: list(gone).length };
  }

  /** Returns the ids that are not ours any more. */
  async extend(source: Source, consumer: string, deliveries: readonly Delivery[]): Promise<Set<string>> {
    return strings(await this.#scripts.run(this.#link, "extend", [source.key], [this.group, consumer, ...fences(deliveries)]));
  }

  async release(source: Source, consumer: string, deliveries: readonly { id: string; count: number }[]): Promise<number> {
    return integer(await this.#scripts.run(this.#link, "release", [source.key], [this.group, consumer, ...fences(deliveries)]));
  }

  /** Entries Redis counts as this consumer's. */
  async pendingOf(source: Source, consumer: string): Promise<{ id: string; count: number }[]> {
    const reply = await this.#link.call(["XPENDING", source.key, this.group, "-", "+", "1000", consumer]);
    return list(reply).map((row) => ({ id: String(list(row)[0]), count: integer(list(row)[3]) }));
  }

  async removeConsumer(source: Source, consumer: string): Promise<void> {
    await this.#scripts.run(this.#link, "remove-consumers", [source.key], [this.group, consumer, "0"]);
  }

  /** Ends a blocked read of another connection; false when it was not blocked. */
  async unblock(clientId: number): Promise<boolean> {
    return integer(await this.#link.call(["CLIENT", "UNBLOCK", String(clientId)])) === 1;
  }

  #position(source: Source): string {
    return this.#keys.position(source.topic, this.group);
  }
}

function flag(source: Source): string {
  return source.retry ? "1" : "0";
}

function fences(deliveries: readonly { id: string; count: number }[]): string[] {
  return deliveries.flatMap(({ id, count }) => [id, String(count)]);
}

function strings(reply: Parameters<typeof list>[0]): Set<string> {
  return new Set(list(reply).map(String));
}

function bounds(deliveries: readonly Delivery[]): [string, string] {
  let least = deliveries[0]?.id ?? "-";
  let largest = least;
  for (const { id } of deliveries) {
    if (before(id, least)) least = id;
    else if (before(largest, id)) largest = id;
  }
  return [least, largest];
}

/** Numbers are exact here: milliseconds have 13 digits, sequences of one millisecond few. */
function before(a: string, b: string): boolean {
  // With the dash in the same place and equal lengths both sides have equally many digits: texts then compare like numbers.
  if (a.length === b.length && a.charCodeAt(13) === DASH && b.charCodeAt(13) === DASH) return a < b;
  const [aDash, bDash] = [a.indexOf("-"), b.indexOf("-")];
  const [aTime, bTime] = [Number(a.slice(0, aDash)), Number(b.slice(0, bDash))];
  return aTime < bTime || (aTime === bTime && Number(a.slice(aDash + 1)) < Number(b.slice(bDash + 1)));
}

const DASH = "-".charCodeAt(0);
