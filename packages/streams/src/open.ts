/** The one place where the library is put together. Reading it top to bottom is reading what a connection consists of. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { systemClock, type Clock } from "./clock.ts";
import { parseConfig, type StreamsConfig } from "./config.ts";
import { GroupConsumer, type Work } from "./consume/consumer.ts";
import { GroupStore } from "./consume/group-store.ts";
import { handling } from "./consume/handle.ts";
import { atLeast, groupOf, nameOf, topicsOf } from "./consume/options.ts";
import { MessageIterator } from "./consume/messages.ts";
import { sourcesOf } from "./consume/source.ts";
import { Reaper } from "./duties/reaper.ts";
import { Retention } from "./duties/retention.ts";
import { TidegateError } from "./errors.ts";
import { DeadLetterStore } from "./inspect/dead-letters.ts";
import { GroupViews } from "./inspect/groups.ts";
import { inspectServer, serverInfo } from "./inspect/server.ts";
import { TopicViews } from "./inspect/topics.ts";
import { Keys } from "./keys.ts";
import { startOf } from "./message/entry-id.ts";
import type { Message, OutgoingMessage } from "./message/message.ts";
import { Publisher } from "./publish/publisher.ts";
import { RedisLink, type Link, type LinkOptions } from "./redis/link.ts";
import { BLOCK } from "./consume/reader.ts";
import { Scripts } from "./redis/scripts.ts";
import { integer } from "./redis/shapes.ts";
import type {
  ConnectOptions,
  ConsumeOptions,
  Consumer,
  DeadLetters,
  GroupOptions,
  Groups,
  Handler,
  MessagesOptions,
  PublishResult,
  ReadOptions,
  Receipt,
  RetryPolicy,
  ServerHealth,
  Tide,
} from "./tide.ts";
import type { PendingInfo, StreamInfo } from "./views.ts";

/** Connects, checks that the server is fit to keep messages, and starts the duties. */
export function connect(options: ConnectOptions = {}): Promise<Tide> {
  return open(parseConfig(options), { clock: systemClock, link: (link) => new RedisLink(link) });
}

/** What a connection needs from outside: time and a way to Redis. The testing kit brings its own of both. */
export interface Ports {
  readonly clock: Clock;
  link(options: LinkOptions): Link;
}

export async function open(config: StreamsConfig, ports: Ports): Promise<Tide> {
  const tide = new Connection(config, ports);
  try {
    await tide.open();
    return tide;
  } catch (error) {
    await tide.close({ deadline: 0 });
    throw error;
  }
}

/** Milliseconds a command may stay unanswered. */
const DEADLINE = 5_000;

class Connection implements Tide {
  readonly namespace: string;
  readonly service: string;
  readonly groups: Groups;
  readonly deadLetters: DeadLetters;
  readonly #config: StreamsConfig;
  readonly #ports: Ports;
  readonly #keys: Keys;
  readonly #scripts = new Scripts();
  readonly #commands: Link;
  /** Publishing has a connection of its own: a large batch must not hold up acks and heartbeats. */
  readonly #publishing: Link;
  readonly #publisher: Publisher;
  readonly #topics: TopicViews;
  readonly #groupViews: GroupViews;
  readonly #duties: readonly { start(): void; stop(): Promise<void> }[];
  readonly #touched = new Set<string>();
  readonly #consumers = new Set<GroupConsumer>();
  readonly #session = randomBytes(4).toString("hex");
  #roundTrip: number | null = null;
  #closing: Promise<void> | undefined;
  #started = false;

  constructor(config: StreamsConfig, ports: Ports) {
    this.#config = config;
    this.#ports = ports;
    this.namespace = config.namespace;
    this.service = config.service;
    this.#keys = new Keys(config.namespace);
    const notice = config.onNotice;
    this.#commands = this.#link("commands", DEADLINE, {
      onUp: (again) => again && notice({ level: "info", code: "reconnected", message: `Redis at ${this.address} answers again.` }),
      onDown: (fault) => notice({ level: "warning", code: "disconnected", message: fault.message }),
    });
    this.#publishing = this.#link("publish", DEADLINE, {});
    this.#publisher = new Publisher({
      ...config,
      clock: ports.clock,
      link: this.#publishing,
      scripts: this.#scripts,
      keys: this.#keys,
      onTopic: (topic) => this.#touched.add(topic),
    });
    this.#groupViews = new GroupViews(this.#commands, this.#scripts, this.#keys, () => this.topics());
    this.#topics = new TopicViews(this.#commands, this.#keys, this.#groupViews);
    this.groups = this.#groupViews;
    this.deadLetters = new DeadLetterStore(this.#commands, this.#scripts, this.#keys);
    this.#duties = this.#buildDuties();
  }

  get address(): string {
    return this.#commands.address;
  }

  async open(): Promise<void> {
    await this.#commands.whenUp(this.#config.connectTimeout);
    await inspectServer(this.#commands, this.#config.onNotice);
    await this.#publishing.whenUp(this.#config.connectTimeout);
    for (const duty of this.#duties) duty.start();
    this.#started = true;
  }

  publish(topic: string, message: OutgoingMessage): Promise<Receipt> {
    return this.#publisher.publish(topic, message);
  }

  publishMany(topic: string, messages: readonly OutgoingMessage[]): Promise<readonly PublishResult[]> {
    return this.#publisher.publishMany(topic, messages);
  }

  async consume(topics: string | readonly string[], first: ConsumeOptions | Handler, second?: Handler): Promise<Consumer> {
    const [options, handler] = typeof first === "function" ? [{}, first] : [first, second];
    if (typeof handler !== "function")
      throw new TidegateError("INVALID_CONFIG", "consume() needs a handler function as its last argument.");
    const names = topicsOf(topics);
    const group = groupOf(options, names);
    const publish: Tide["publish"] = (topic, message) => this.publish(topic, message);
    const work = handling(handler, { group, retry: this.#retry(options), timeout: atLeast("timeout", options.timeout ?? 0, 0), publish, clock: this.#ports.clock });
    const concurrency = atLeast("concurrency", options.concurrency ?? this.#config.concurrency, 1);
    const batch = Math.min(512, atLeast("batch", options.batch ?? Math.max(16, concurrency * 4), 1));
    return await this.#consumer(names, group, options, work, concurrency, batch);
  }

  messages(topics: string | readonly string[], options: MessagesOptions = {}): MessageIterator {
    const names = topicsOf(topics);
    const group = groupOf(options, names);
    const prefetch = atLeast("prefetch", options.prefetch ?? 100, 1);
    return new MessageIterator(
      (work) => this.#consumer(names, group, options, work, prefetch, Math.min(256, Math.max(2, prefetch))),
      { retry: this.#retry(options), clock: this.#ports.clock },
    );
  }

  topics(): Promise<readonly string[]> {
    return this.#topics.names();
  }

  streamInfo(topic: string): Promise<StreamInfo> {
    return this.#topics.info(topic);
  }

  pending(topic: string, group: string): Promise<PendingInfo> {
    return this.#groupViews.pending(topic, group);
  }

  read(topic: string, options?: ReadOptions): AsyncIterableIterator<Message> {
    return this.#topics.read(topic, options);
  }

  removeTopic(topic: string): Promise<boolean> {
    return this.#topics.remove(topic);
  }

  async serverInfo(): Promise<Readonly<Record<string, string>>> {
    const start = this.#ports.clock.now();
    const info = await serverInfo(this.#commands);
    this.#roundTrip = this.#ports.clock.now() - start;
    return info;
  }

  health(): ServerHealth {
    if (this.#commands.up) void this.#ping();
    return { connected: this.#commands.up, roundTrip: this.#roundTrip, address: this.address };
  }

  close(options: { deadline?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(options.deadline ?? 10_000));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // Private

  async #close(deadline: number): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop({ deadline })));
    const giveUp = this.#ports.clock.after(deadline, () => this.#publishing.close());
    if (this.#started) await Promise.all([this.#publisher.close(), ...this.#duties.map((duty) => duty.stop())]);
    giveUp();
    this.#publishing.close();
    this.#commands.close();
  }

  #buildDuties(): { start(): void; stop(): Promise<void> }[] {
    const shared = { link: this.#commands, scripts: this.#scripts, keys: this.#keys, notice: this.#config.onNotice, clock: this.#ports.clock };
    const reaper = new Reaper({ ...shared, groups: () => this.#groupsHere() });
    const { retention, deadLetterTtl } = this.#config;
    return retention === false
      ? [reaper]
      : [reaper, new Retention({ ...shared, topics: () => this.#touched, policy: retention, deadLetterTtl })];
  }

  *#groupsHere(): Generator<readonly [string, string]> {
    for (const consumer of this.#consumers) for (const topic of consumer.topics) yield [topic, consumer.group];
  }

  async #consumer(
    topics: readonly string[],
    group: string,
    options: GroupOptions,
    work: Work,
    concurrency: number,
    batch: number,
  ): Promise<GroupConsumer> {
    if (this.#closing !== undefined) throw new TidegateError("CLOSED", "The connection was closed.");
    for (const topic of topics) this.#touched.add(topic);
    const consumer = new GroupConsumer({
      store: new GroupStore(this.#commands, this.#scripts, this.#keys, group, this.#ports.clock),
      clock: this.#ports.clock,
      sources: sourcesOf(this.#keys, topics, group),
      topics,
      work,
      concurrency,
      batch,
      openReader: (name, onUp) => this.#readerLink(name, onUp),
      baseName: nameOf(options.name ?? hostname()),
      start: startOf(options.from ?? "beginning"),
      lease: atLeast("lease", options.lease ?? 30_000, 100),
      maxCrashes: atLeast("maxCrashes", options.maxCrashes ?? 3, 1),
      onSettled: options.onSettled,
      notice: this.#config.onNotice,
      onClosed: (closed) => this.#consumers.delete(closed),
    });
    this.#consumers.add(consumer);
    try {
      await consumer.start();
    } catch (error) {
      await consumer.stop({ deadline: 0 });
      throw error;
    }
    return consumer;
  }

  #readerLink(name: string, onUp: (clientId: number, again: boolean) => void): Link {
    let id = 0;
    return this.#link(name, BLOCK + 2_000, {
      prepare: async (call) => void (id = integer(await call(["CLIENT", "ID"]))),
      onUp: (again) => onUp(id, again),
    });
  }

  #link(name: string, deadline: number, more: Partial<LinkOptions>): Link {
    const endpoint = { url: this.#config.url, password: this.#config.password };
    const prepare: LinkOptions["prepare"] = (call) => this.#scripts.load(call);
    return this.#ports.link({ endpoint, name: `tidegate.${this.#session}.${name}`.replace(/\s/g, "_"), deadline, prepare, ...more });
  }

  #retry(options: GroupOptions): Required<RetryPolicy> {
    return {
      maxRetries: atLeast("retry.maxRetries", options.retry?.maxRetries ?? this.#config.maxRetries, 0),
      baseDelay: atLeast("retry.baseDelay", options.retry?.baseDelay ?? 1_000, 0),
      maxDelay: atLeast("retry.maxDelay", options.retry?.maxDelay ?? 60_000, 0),
    };
  }

  async #ping(): Promise<void> {
    const start = this.#ports.clock.now();
    await this.#commands.call(["PING"]).then(
      () => (this.#roundTrip = this.#ports.clock.now() - start),
      () => {},
    );
  }
}
