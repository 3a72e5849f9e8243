/** Every consumer of one connection: checks what the caller asked for, puts the parts of a consumer together, and stops them all. */
import { hostname } from "node:os";
import type { Clock } from "../clock.ts";
import { TidegateError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import type { TopicContract } from "../message/contract.ts";
import { startOf } from "../message/entry-id.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { lanesOf, type TopicSettingsStore } from "../topics/settings.ts";
import type { ConsumeOptions, Consumer, GroupOptions, Handler, MessagesOptions } from "../consuming.ts";
import type { Notice } from "../tide.ts";
import type { Publish } from "../publishing.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import { GroupConsumer } from "./consumer.ts";
import type { Work } from "./dispatcher.ts";
import { GroupStore } from "./group-store.ts";
import { handling } from "./handle.ts";
import { MessageIterator } from "./messages.ts";
import { atLeast, groupOf, nameOf, topicsOf } from "./options.ts";
import { Promoters } from "./promoter.ts";
import { resolveRetry, type RetryDefaults, type ResolvedRetry } from "./retry-rules.ts";
import { sourcesOf } from "./source.ts";

export interface ConsumersDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly settings: TopicSettingsStore;
  readonly openReader: (name: string, onUp: (clientId: number, again: boolean) => void) => Link;
  readonly notice: (notice: Notice) => void;
  readonly publish: Publish;
  readonly tracer: Tracer;
  readonly retry: RetryDefaults;
  /** Handlers at once where the caller does not say. */
  readonly concurrency: number;
  /** Topics somebody reads here: their retention is ours. */
  readonly onTopic: (topic: string) => void;
}

type Topics = string | readonly string[] | TopicContract;

export class Consumers {
  readonly #deps: ConsumersDeps;
  readonly #open = new Set<GroupConsumer>();
  readonly #promoters = new Promoters();
  #closed = false;

  constructor(deps: ConsumersDeps) {
    this.#deps = deps;
  }

  async consume(topics: Topics, options: ConsumeOptions, handler: Handler): Promise<Consumer> {
    if (typeof handler !== "function")
      throw new TidegateError("INVALID_CONFIG", "consume() needs a handler function as its last argument.");
    const { names, contract } = namesOf(topics);
    const group = groupOf(options, names);
    const { clock, publish, tracer } = this.#deps;
    const timeout = atLeast("timeout", options.timeout ?? 0, 0);
    const work = handling(handler, { group, contract, retry: this.#retry(options), timeout, publish, clock, tracer });
    const concurrency = atLeast("concurrency", options.concurrency ?? this.#deps.concurrency, 1);
    const batch = Math.min(512, atLeast("batch", options.batch ?? Math.max(16, concurrency * 4), 1));
    return await this.#start(names, group, options, work, concurrency, batch);
  }

  messages(topics: Topics, options: MessagesOptions): MessageIterator {
    const { names, contract } = namesOf(topics);
    const group = groupOf(options, names);
    const prefetch = atLeast("prefetch", options.prefetch ?? 100, 1);
    const { clock, notice, tracer } = this.#deps;
    return new MessageIterator({
      // No slot is reserved: whoever collects `prefetch` messages before settling any must get them, whatever their lane.
      open: (work) => this.#start(names, group, { ...options, reserve: 0 }, work, prefetch, Math.min(256, Math.max(2, prefetch))),
      contract,
      group,
      tracer,
      retry: this.#retry(options),
      warnAfter: atLeast("warnAfter", options.warnAfter ?? 60_000, 0),
      clock,
      notice,
    });
  }

  /** Topic and group of every consumer. */
  *groups(): Generator<readonly [topic: string, group: string]> {
    for (const consumer of this.#open) for (const topic of consumer.topics) yield [topic, consumer.group];
  }

  async stop(deadline: number): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((consumer) => consumer.stop({ deadline })));
  }

  // Private

  async #start(
    topics: readonly string[],
    group: string,
    options: ConsumeOptions,
    work: Work,
    concurrency: number,
    batch: number,
  ): Promise<GroupConsumer> {
    if (this.#closed) throw new TidegateError("CLOSED", "The connection was closed.");
    const { link, scripts, keys, clock, settings, notice } = this.#deps;
    for (const topic of topics) this.#deps.onTopic(topic);
    const lanes = new Map(await Promise.all(topics.map(async (topic) => [topic, lanesOf(await settings.of(topic))] as const)));
    const consumer = new GroupConsumer({
      store: new GroupStore({ link, scripts, keys, clock, group, lanes }),
      clock,
      sources: sourcesOf(keys, lanes, group, options.weights),
      topics,
      work,
      concurrency,
      reserve: reserveOf(options.reserve, concurrency, lanes),
      ageing: atLeast("ageing", options.ageing ?? 5_000, 0),
      batch,
      promoters: this.#promoters,
      openReader: this.#deps.openReader,
      baseName: nameOf(options.name ?? hostname()),
      start: startOf(options.from ?? "beginning"),
      lease: atLeast("lease", options.lease ?? 30_000, 100),
      maxCrashes: atLeast("maxCrashes", options.maxCrashes ?? 3, 1),
      onSettled: options.onSettled,
      notice,
      onClosed: (closed) => this.#open.delete(closed),
    });
    this.#open.add(consumer);
    try {
      await consumer.start();
    } catch (error) {
      await consumer.stop({ deadline: 0 });
      throw error;
    }
    return consumer;
  }

  #retry(options: GroupOptions): ResolvedRetry {
    return resolveRetry(options.retry ?? {}, this.#deps.retry);
  }
}

function namesOf(topics: Topics): { names: string[]; contract: TopicContract | null } {
  const isContract = typeof topics === "object" && "events" in topics;
  return isContract ? { names: topicsOf(topics.name), contract: topics } : { names: topicsOf(topics), contract: null };
}

/** A tenth of the handlers is for critical messages alone, where there are enough handlers and a lane for them. */
function reserveOf(given: number | undefined, concurrency: number, lanes: ReadonlyMap<string, readonly string[]>): number {
  const usual = concurrency < 4 ? 0 : Math.max(1, Math.floor(concurrency / 10));
  const reserve = atLeast("reserve", given ?? usual, 0);
  if (given !== undefined && reserve >= concurrency)
    throw new TidegateError("INVALID_CONFIG", `reserve must be smaller than the concurrency (${concurrency}), found ${reserve}.`);
  return [...lanes.values()].some((of) => of.includes("critical")) ? reserve : 0;
}
