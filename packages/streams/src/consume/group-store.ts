/** What a consumer asks of Redis, as verbs of the domain. Every act on an entry names its fence; Redis decides. */
import { pause, type Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import { backoff, type Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { reasons, runs } from "../redis/history-record.ts";
import { integer, list, record } from "../redis/shapes.ts";
import { DEAD_LETTER_FIELDS, kindOf } from "../dead-letters/kind.ts";
import { PRIORITIES, type AttemptRecord, type Priority } from "../message/message.ts";
import { handlerStack } from "./handler-stack.ts";
import { Delivery, type Source } from "./delivery.ts";

/** Milliseconds a settlement waits for its connection before it tries again all the same. */
const RECONNECT = 2_000;

export interface GroupStoreDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly group: string;
  /** Topic → the lanes it has. */
  readonly lanes: ReadonlyMap<string, readonly Priority[]>;
}

interface Fence {
  readonly id: string;
  readonly count: number;
}

export interface Retry {
  readonly delivery: Delivery;
  /** Milliseconds from now. */
  readonly delay: number;
  /** JSON. */
  readonly attempts: string;
  /** The last of them, for the message's history. */
  readonly failure: { readonly code: string; readonly error: string };
}

/** `waits` for its time, `due` already and readable again, `lost` to somebody else, or `gone`: the entry itself no longer exists. */
export type Postponement = "waits" | "due" | "lost" | "gone";

const POSTPONED: ReadonlyMap<number, Postponement> = new Map([
  [1, "waits"],
  [2, "due"],
  [0, "lost"],
  [-1, "gone"],
]);

export class GroupStore {
  readonly group: string;
  readonly #link: Link;
  readonly #scripts: Scripts;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #lanes: ReadonlyMap<string, readonly Priority[]>;
  /** Topic → the generation of the group this consumer has joined; a seek begins the next. */
  readonly #generations = new Map<string, string>();

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
    const [created, restored, generation] = list(await this.#scripts.run(this.#link, "ensure-group", keys, [this.group, start]));
    this.#generations.set(topic, String(generation));
    return { created: integer(created), restored: integer(restored) };
  }

  /** All of one consumer and one delivery count. Returns the ids that were not ours any more. */
  async ack(source: Source, deliveries: readonly Delivery[]): Promise<Set<string>> {
    const [first] = deliveries;
    if (first === undefined) return new Set();
    // One text for all ids: hundreds of small arguments cost the client more than splitting costs the server.
    const sorted = inOrder(deliveries);
    const ids = sorted.map(({ id }) => id).join(" ");
    const about = [source.retry ? origins(sorted) : source.lane, this.#ages(sorted), source.retry ? tries(sorted) : "1"];
    const args = [this.group, first.consumer, flag(source), this.#generation(source), String(first.count), ids, ...about];
    return strings(await this.#scripts.run(this.#link, "ack", [source.key, ...this.#trail(source), this.#position(source)], args));
  }

  /** All of one consumer. */
  async retry(source: Source, retries: readonly Retry[]): Promise<Postponement[]> {
    const [first] = retries;
    if (first === undefined) return [];
    const keys = [
      source.key,
      this.#keys.retries(source.topic, this.group),
      this.#keys.held(source.topic, this.group),
      this.#keys.retryEvents(source.topic, this.group),
      ...this.#trail(source),
      this.#position(source),
    ];
    const fence = [this.group, first.delivery.consumer, flag(source), this.#generation(source)];
    const deliveries = retries.map(({ delivery }) => delivery);
    const about = [origins(deliveries), this.#ages(deliveries), tries(deliveries), reasons(retries.map(({ failure }) => failure))];
    const args = [...fence, ...bounds(deliveries), ...about, runs(retries.map(({ delay }) => delay))];
    for (const { delivery, delay, attempts } of retries)
      args.push(delivery.id, String(delivery.count), String(delay), delivery.origin, String(delivery.failures + 1), attempts);
    return list(await this.#scripts.run(this.#link, "retry", keys, args)).map((result) => POSTPONED.get(integer(result)) ?? "gone");
  }

  async deadLetter(delivery: Delivery, code: string, error: Error, attempts: readonly AttemptRecord[]): Promise<boolean> {
    const { source } = delivery;
    const message = error.message.slice(0, 1_000).toWellFormed();
    const eventType = delivery.message?.type ?? delivery.fields["event_type"] ?? "";
    const kind = kindOf({ topic: source.topic, group: this.group, eventType, errorCode: code, errorMessage: message });
    const values: Record<(typeof DEAD_LETTER_FIELDS)[number], string> = {
      original_stream: delivery.originalStream,
      original_id: delivery.originalId,
      group: this.group,
      consumer: delivery.consumer,
      status: "dead_letter",
      error_code: code,
      error_message: message,
      error_stack: handlerStack(error.stack ?? "")
        .slice(0, 4_000)
        .toWellFormed(),
      attempts: JSON.stringify(attempts),
      signature: kind.signature,
    };
    const fence = [this.group, delivery.consumer, flag(source), this.#generation(source), delivery.id, String(delivery.count)];
    const index = [this.#keys.deadLetterIndex(), this.#keys.deadLetterKind(kind.signature)];
    const keys = [source.key, this.#keys.deadLetters(), ...index, ...this.#trail(source), this.#position(source)];
    const about = [delivery.origin, this.#ages([delivery]), tries([delivery]), reasons([{ code, error: message }])];
    const args = [...fence, kind.signature, kind.description, ...about, ...Object.entries(values).flat()];
    return integer(await this.#scripts.run(this.#link, "dead-letter", keys, args)) !== 0;
  }

  /** `more`: some that are due are still waiting. `nextIn`: ms until the next is due, -1 for none. */
  async promote(topic: string, limit: number): Promise<{ more: boolean; nextIn: number }> {
    const keys = [this.#keys.retries(topic, this.group), this.#keys.held(topic, this.group), this.#keys.retryEvents(topic, this.group)];
    const [, nextIn] = list(await this.#scripts.run(this.#link, "promote", keys, [String(limit)]));
    return { more: integer(nextIn) === 0, nextIn: integer(nextIn) };
  }

  /** The group's sign of life on a topic, by the server's clock. */
  async sign(topic: string): Promise<void> {
    await this.#scripts.run(this.#link, "sign", [this.#keys.groupSigns(topic)], [this.group]);
  }

  /** Takes over what its owner has not touched for `lease` ms and moves the source's cursor on. */
  async claim(source: Source, consumer: string, lease: number, limit: number): Promise<{ deliveries: Delivery[]; vanished: number }> {
    const args = [this.group, consumer, String(lease), source.claimCursor, String(limit), source.retry ? "" : source.lane];
    const [cursor, taken, gone] = list(await this.#scripts.run(this.#link, "claim", [source.key, ...this.#trail(source)], args));
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

  /** Of entries of a retry stream that never reached us nothing is known but their fences; the history has nothing about them. */
  async release(source: Source, consumer: string, deliveries: readonly (Delivery | Fence)[]): Promise<number> {
    const seen = deliveries.filter((one) => one instanceof Delivery);
    const about = source.retry ? origins(seen) : `${source.lane} ${deliveries.map(({ id }) => id).join(" ")}`;
    const args = [this.group, consumer, about, this.#ages(seen), ...fences(deliveries)];
    return integer(await this.#scripts.run(this.#link, "release", [source.key, ...this.#trail(source)], args));
  }

  /** Entries Redis counts as this consumer's. */
  async pendingOf(source: Source, consumer: string): Promise<Fence[]> {
    const reply = await this.#link.call(["XPENDING", source.key, this.group, "-", "+", "1000", consumer]);
    return list(reply).map((row) => ({ id: String(list(row)[0]), count: integer(list(row)[3]) }));
  }

  async removeConsumer(source: Source, consumer: string): Promise<void> {
    await this.#scripts.run(this.#link, "remove-consumers", [source.key], [this.group, consumer, "0"]);
  }

  /** Waits before a call is made again: until the connection is back, or a while longer after each failure. */
  async rest(failures: number, signal?: AbortSignal): Promise<void> {
    if (!this.#link.up && (await this.#isUpWithin(RECONNECT))) return;
    await pause(this.#clock, backoff(failures), signal);
  }

  /** Ends a blocked read of another connection; false when it was not blocked. */
  async unblock(clientId: number): Promise<boolean> {
    return integer(await this.#link.call(["CLIENT", "UNBLOCK", String(clientId)])) === 1;
  }

  async #isUpWithin(limit: number): Promise<boolean> {
    try {
      await this.#link.whenUp(limit);
      return true;
    } catch {
      return false;
    }
  }

  #generation(source: Source): string {
    return this.#generations.get(source.topic) ?? "0";
  }

  #position(source: Source): string {
    return this.#keys.position(source.topic, this.group);
  }

  #trail(source: Source): [history: string, counts: string] {
    return [this.#keys.history(source.topic), this.#keys.counts(source.topic)];
  }

  /** Milliseconds since each reached us: with them the history knows when it was delivered. */
  #ages(deliveries: readonly Delivery[]): string {
    const now = this.#clock.now();
    return runs(deliveries.map(({ heldSince }) => Math.round(now - heldSince)));
  }
}

function flag(source: Source): string {
  return source.retry ? "1" : "0";
}

function origins(deliveries: readonly Delivery[]): string {
  return deliveries.map(({ origin }) => origin).join(" ");
}

function tries(deliveries: readonly Delivery[]): string {
  return runs(deliveries.map(({ failures }) => failures + 1));
}

function fences(deliveries: readonly Fence[]): string[] {
  return deliveries.flatMap(({ id, count }) => [id, String(count)]);
}

function strings(reply: Parameters<typeof list>[0]): Set<string> {
  return new Set(list(reply).map(String));
}

function bounds(deliveries: readonly Delivery[]): [least: string, largest: string] {
  const sorted = inOrder(deliveries);
  return [sorted[0]?.id ?? "-", sorted.at(-1)?.id ?? "-"];
}

/** As the pending list has them; handlers end in nearly the order they began, so this is one pass. */
function inOrder(deliveries: readonly Delivery[]): readonly Delivery[] {
  return deliveries.toSorted((a, b) => (before(a.id, b.id) ? -1 : 1));
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
