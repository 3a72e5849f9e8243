/** The one place where the library is put together. Reading it top to bottom is reading what a connection consists of. */
import { randomBytes } from "node:crypto";
import { systemClock, type Clock } from "./clock.ts";
import { parseConfig, type StreamsConfig } from "./config.ts";
import { Consumers } from "./consume/consumers.ts";
import type { MessageIterator } from "./consume/messages.ts";
import { EvictionWatch } from "./duties/eviction.ts";
import { LostEntries } from "./duties/lost-entries.ts";
import { Reaper } from "./duties/reaper.ts";
import { Retention } from "./duties/retention.ts";
import { composeDeadLetters, type DeadLetterParts } from "./dead-letters/compose.ts";
import { GroupViews } from "./inspect/groups.ts";
import { inspectServer, serverInfo } from "./inspect/server.ts";
import { TopicViews } from "./inspect/topics.ts";
import { asError } from "./errors.ts";
import { Keys } from "./keys.ts";
import { checkOutgoing, type TopicContract } from "./message/contract.ts";
import type { Message, OutgoingMessage } from "./message/message.ts";
import { Publisher, settled } from "./publish/publisher.ts";
import { RedisLink, type Link, type LinkOptions } from "./redis/link.ts";
import { BLOCK } from "./consume/reader.ts";
import { capabilitiesOf } from "./redis/capabilities.ts";
import { Scripts } from "./redis/scripts.ts";
import { integer } from "./redis/shapes.ts";
import { TopicSettingsStore } from "./topics/settings.ts";
import type { ConsumeOptions, Consumer, Handler, MessagesOptions } from "./consuming.ts";
import type { Publish, PublishOptions, PublishResult, Receipt } from "./publishing.ts";
import type { ConnectOptions, DeadLetters, Groups, ReadOptions, ServerHealth, Tide } from "./tide.ts";
import type { Capabilities, PendingInfo, StreamInfo, TopicSettings } from "./views.ts";

/** Connects, checks that the server is fit to keep messages, and starts the duties. */
export async function connect(options: ConnectOptions = {}): Promise<Tide> {
  return await open(parseConfig(options), { clock: systemClock, link: (link) => new RedisLink(link) });
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
  readonly publish: Publish;
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
  readonly #settings: TopicSettingsStore;
  readonly #consumers: Consumers;
  readonly #deadLetters: DeadLetterParts;
  readonly #duties: readonly { start(): void; stop(): Promise<void> }[];
  readonly #touched = new Set<string>();
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
    this.#settings = new TopicSettingsStore(this.#commands, this.#scripts, this.#keys, ports.clock, config.wire);
    this.#publisher = new Publisher({
      ...config,
      clock: ports.clock,
      link: this.#publishing,
      openReplicated: (deadline) => this.#link("publish-replicated", deadline, {}),
      scripts: this.#scripts,
      keys: this.#keys,
      settings: this.#settings,
      onTopic: (topic) => this.#touched.add(topic),
    });
    this.publish = (topic: string | TopicContract, message: OutgoingMessage, options?: PublishOptions) =>
      this.#publish(topic, message, options);
    this.#consumers = new Consumers({
      link: this.#commands,
      scripts: this.#scripts,
      keys: this.#keys,
      clock: ports.clock,
      settings: this.#settings,
      openReader: (name, onUp) => this.#readerLink(name, onUp),
      notice,
      publish: this.publish,
      retry: config,
      concurrency: config.concurrency,
      onTopic: (topic) => this.#touched.add(topic),
    });
    this.#groupViews = new GroupViews({
      link: this.#commands,
      scripts: this.#scripts,
      keys: this.#keys,
      topics: () => this.topics(),
      settings: (topic) => this.#settings.of(topic),
    });
    this.#topics = new TopicViews(this.#commands, this.#keys, this.#groupViews);
    this.groups = this.#groupViews;
    const shared = { link: this.#commands, scripts: this.#scripts, keys: this.#keys, clock: ports.clock, notice };
    this.#deadLetters = composeDeadLetters({ ...config, ...shared, session: this.#session });
    this.deadLetters = this.#deadLetters.store;
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

  async publishMany(
    topic: string | TopicContract,
    messages: readonly OutgoingMessage[],
    options?: PublishOptions,
  ): Promise<readonly PublishResult[]> {
    if (typeof topic === "string") return await this.#publisher.publishMany(topic, messages, options);
    // All are checked before the first is published: an asynchronous schema must not change their order.
    const checked = await Promise.all(messages.map((message) => checkOutgoing(topic, message).catch(asError)));
    return await settled(
      checked.map((one) => (one instanceof Error ? Promise.reject(one) : this.#publisher.publish(topic.name, one, options))),
    );
  }

  consume(topics: string | readonly string[] | TopicContract, first: ConsumeOptions | Handler, second?: Handler): Promise<Consumer> {
    return typeof first === "function"
      ? this.#consumers.consume(topics, {}, first)
      : this.#consumers.consume(topics, first, second as Handler);
  }

  messages(topics: string | readonly string[] | TopicContract, options: MessagesOptions = {}): MessageIterator {
    return this.#consumers.messages(topics, options);
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

  settings(topic: string): Promise<TopicSettings> {
    return this.#settings.of(topic);
  }

  configure(topic: string, settings: Partial<TopicSettings>): Promise<TopicSettings> {
    return this.#settings.save(topic, settings);
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

  capabilities(): Promise<Capabilities> {
    return capabilitiesOf(this.#commands);
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

  /** Not async for plain topics: a promise more for each message costs a tenth of the speed. */
  #publish(topic: string | TopicContract, message: OutgoingMessage, options?: PublishOptions): Promise<Receipt> {
    if (typeof topic === "string") return this.#publisher.publish(topic, message, options);
    return checkOutgoing(topic, message).then((checked) => this.#publisher.publish(topic.name, checked, options));
  }

  async #close(deadline: number): Promise<void> {
    await this.#consumers.stop(deadline);
    const giveUp = this.#ports.clock.after(deadline, () => {
      this.#publishing.close();
      this.#publisher.abandon();
    });
    if (this.#started) await Promise.all([this.#publisher.close(), ...this.#duties.map((duty) => duty.stop())]);
    giveUp();
    this.#publishing.close();
    this.#commands.close();
  }

  #buildDuties(): { start(): void; stop(): Promise<void> }[] {
    const shared = {
      link: this.#commands,
      scripts: this.#scripts,
      keys: this.#keys,
      notice: this.#config.onNotice,
      clock: this.#ports.clock,
    };
    const reaper = new Reaper({ ...shared, groups: () => this.#consumers.groups() });
    const { replayer, expiry } = this.#deadLetters;
    const { retention } = this.#config;
    const watches = [new EvictionWatch(shared), new LostEntries({ ...shared, topics: () => this.#touched })];
    return retention === false
      ? [reaper, replayer, ...watches]
      : [reaper, replayer, expiry, ...watches, new Retention({ ...shared, topics: () => this.#touched, policy: retention })];
  }

  #readerLink(name: string, onUp: (clientId: number, again: boolean) => void): Link {
    let id = 0;
    return this.#link(name, BLOCK + 2_000, {
      prepare: async (call) => void (id = integer(await call(["CLIENT", "ID"]))),
      onUp: (again) => onUp(id, again),
    });
  }

  #link(name: string, deadline: number, more: Partial<LinkOptions>): Link {
    const { endpoint } = this.#config;
    const prepare: LinkOptions["prepare"] = (call) => this.#scripts.load(call);
    return this.#ports.link({ endpoint, name: `tidegate.${this.#session}.${name}`.replace(/\s/g, "_"), deadline, prepare, ...more });
  }

  async #ping(): Promise<void> {
    const start = this.#ports.clock.now();
    await this.#commands.call(["PING"]).then(
      () => (this.#roundTrip = this.#ports.clock.now() - start),
      () => {},
    );
  }
}
