/** The publishes to one topic on one connection, in their order: collected into batches, which are sent a few at a time. */
import type { Clock } from "../clock.ts";
import { asError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import { withEveryField, withPriority } from "../message/encode.ts";
import { newMessageId } from "../message/message-id.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Wanted } from "../publishing.ts";
import type { TopicSettingsStore } from "../topics/settings.ts";
import type { TopicSettings } from "../views.ts";
import { Batch, type Waiting } from "./batch.ts";
import { sameDurability } from "./durability.ts";
import { Sender, type SenderDeps } from "./sender.ts";

export interface TopicQueueDeps extends SenderDeps {
  readonly clock: Clock;
  readonly keys: Keys;
  readonly settings: TopicSettingsStore;
  /** Written as `max_retries` where every field is written. */
  readonly maxRetries: number;
  /** Script calls on the wire. More would only make the batches smaller. */
  readonly inFlight: number;
  /** Bytes that do not wait for Redis any more. */
  readonly onFreed: (bytes: number) => void;
}

export class TopicQueue {
  readonly #topic: string;
  readonly #deps: TopicQueueDeps;
  readonly #sender: Sender;
  readonly #batches: Batch[] = [];
  /** What came before the topic's settings were known. */
  #early: { item: Waiting; durability: Wanted }[] = [];
  #settings: TopicSettings | undefined;
  #inFlight = 0;
  #last: Promise<void> = Promise.resolve();
  #scheduled = false;
  #idleWaiters: (() => void)[] = [];
  #unwatch: (() => void) | undefined;

  constructor(topic: string, deps: TopicQueueDeps) {
    this.#topic = topic;
    this.#deps = deps;
    const lanes = PRIORITIES.map((priority) => deps.keys.lane(topic, priority));
    this.#sender = new Sender(deps, [...lanes, deps.keys.producer(topic, newMessageId())]);
  }

  add(item: Waiting, durability: Wanted): void {
    if (this.#settings !== undefined) return this.#append(item, durability, this.#settings);
    this.#early.push({ item, durability });
    if (this.#early.length === 1) void this.#begin();
  }

  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  // Private

  #isIdle(): boolean {
    return this.#inFlight === 0 && this.#batches.length === 0 && this.#early.length === 0;
  }

  /** The first publish asks how the topic is stored; those made meanwhile keep their place behind it. */
  async #begin(): Promise<void> {
    const { settings, clock, publishTimeout } = this.#deps;
    const since = clock.now();
    const learned = await this.#sender.patiently(since, publishTimeout, () => settings.of(this.#topic)).catch(asError);
    const early = this.#early;
    this.#early = [];
    if (learned instanceof Error) {
      for (const { item } of early) this.#refuse(item, learned);
      return this.#pump();
    }
    this.#settings = learned;
    for (const { item, durability } of early) this.#append(item, durability, learned, since);
  }

  #refuse(item: Waiting, error: Error): void {
    this.#deps.onFreed(item.counted);
    item.reject(error);
  }

  #append(item: Waiting, durability: Wanted, settings: TopicSettings, since?: number): void {
    const last = this.#batches.at(-1);
    if (last === undefined || !sameDurability(last.durability, durability) || !last.add(this.#dressed(item, last.settings))) {
      const batch = this.#newBatch(durability, settings, since);
      batch.add(this.#dressed(item, batch.settings));
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    // With nothing on its way a lonely message goes as soon as this tick's are together; else there is time to collect more.
    if (this.#inFlight === 0) process.nextTick(this.#collected);
    else setImmediate(this.#collected);
  }

  readonly #collected = (): void => {
    this.#scheduled = false;
    this.#pump();
  };

  /** Settings that were changed take effect with a new batch. */
  #newBatch(durability: Wanted, settings: TopicSettings, since?: number): Batch {
    this.#settings = this.#deps.settings.known(this.#topic) ?? settings;
    const batch = new Batch(since ?? this.#deps.clock.now(), durability, this.#settings);
    this.#batches.push(batch);
    return batch;
  }

  #dressed(item: Waiting, settings: TopicSettings): Waiting {
    if (settings.lanes && settings.wire === "compact") return item;
    if (settings.wire === "compact") return { ...item, message: withPriority(item.message) };
    const form = { topic: this.#topic, now: this.#deps.clock.wall(), maxRetries: this.#deps.maxRetries };
    return { ...item, message: withEveryField(item.message, form) };
  }

  #pump(): void {
    while (this.#inFlight < this.#deps.inFlight) {
      const batch = this.#batches.shift();
      if (batch === undefined) break;
      batch.number = this.#sender.nextNumber();
      this.#inFlight++;
      this.#last = this.#send(batch);
    }
    this.#watch();
    if (this.#isIdle()) for (const done of this.#idleWaiters.splice(0)) done();
  }

  /** What cannot be sent because others are not answered is refused in its time. */
  #watch(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    const [first] = this.#batches;
    if (first !== undefined) this.#unwatch = this.#deps.clock.after(Math.max(1, this.#sender.left(first)), () => this.#refuseLate());
  }

  #refuseLate(): void {
    while (this.#batches[0] !== undefined && this.#sender.left(this.#batches[0]) <= 0) {
      const batch = this.#batches.shift() as Batch;
      this.#sender.refuse(batch);
      this.#deps.onFreed(batch.counted);
    }
    this.#pump();
  }

  async #send(batch: Batch): Promise<void> {
    await this.#sender.send(batch, this.#last);
    this.#deps.onFreed(batch.counted);
    this.#inFlight--;
    this.#pump();
  }
}
