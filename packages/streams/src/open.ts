/** The one place where the library is put together. Reading it top to bottom is reading what a connection consists of. */
import { randomBytes } from "node:crypto";
import { systemClock, type Clock } from "./clock.ts";
import { parseConfig, type StreamsConfig } from "./config.ts";
import { Consumers } from "./consume/consumers.ts";
import type { MessageIterator } from "./consume/messages.ts";
import { composeDuties } from "./duties/compose.ts";
import { composeDeadLetters, type DeadLetterParts } from "./dead-letters/compose.ts";
import { GroupViews } from "./inspect/groups.ts";
import { HistoryView } from "./inspect/history.ts";
import { inspectServer, ServerWatch } from "./inspect/server.ts";
import { TopicNames } from "./inspect/topic-names.ts";
import { TopicViews } from "./inspect/topics.ts";
import { asError } from "./errors.ts";
import { Keys } from "./keys.ts";
import { checkOutgoing, type TopicContract } from "./message/contract.ts";
import type { Message, OutgoingMessage } from "./message/message.ts";
import { Publisher, settled } from "./publish/publisher.ts";
import { RedisLink, type Link, type LinkOptions } from "./redis/link.ts";
import { BLOCK } from "./consume/reader.ts";
import { capabilitiesOf } from "./redis/capabilities.ts";
import { Links } from "./redis/links.ts";
import { Scripts } from "./redis/scripts.ts";
import type { MessageHistory } from "./history.ts";
import type { Service } from "./service.ts";
import type { Store } from "./store.ts";
import { TelemetrySide } from "./telemetry/compose.ts";
import type { LogControl, Telemetry, TelemetryStats, Traces } from "./telemetry/telemetry.ts";
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

/** Milliseconds the last logs and spans may take when Redis does not answer. */
const DRAIN = 3_000;

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
  readonly #server: ServerWatch;
  readonly #topics: TopicViews;
  readonly #groupViews: GroupViews;
  readonly #settings: TopicSettingsStore;
  readonly #consumers: Consumers;
  readonly #deadLetters: DeadLetterParts;
  readonly #history: HistoryView;
  readonly #telemetry: TelemetrySide;
  /** Logs, traces and events; each is what `Telemetry` says. */
  readonly logger: Telemetry["logger"];
  readonly event: Telemetry["event"];
  readonly eventEntry: Telemetry["eventEntry"];
  readonly trace: Telemetry["trace"];
  readonly startSpan: Telemetry["startSpan"];
  readonly recordSpan: Telemetry["recordSpan"];
  readonly runInSpan: Telemetry["runInSpan"];
  readonly runningSpan: Telemetry["runningSpan"];
  readonly runInTrace: Telemetry["runInTrace"];
  readonly logs: LogControl;
  readonly traces: Traces;
  readonly #links: Links;
  readonly #duties: readonly Service[];
  readonly #session = randomBytes(4).toString("hex");
  #closing: Promise<void> | undefined;
  #started = false;

  constructor(config: StreamsConfig, ports: Ports) {
    this.#config = config;
    this.#ports = ports;
    this.namespace = config.namespace;
    this.service = config.service;
    this.#keys = new Keys(config.namespace);
    const notice = config.onNotice;
    const { endpoint } = config;
    this.#links = new Links({ endpoint, session: this.#session, scripts: this.#scripts, make: (link) => ports.link(link) });
    this.#commands = this.#links.open("commands", {
      onUp: (again) => again && notice({ level: "info", code: "reconnected", message: `Redis at ${this.address} answers again.` }),
      onDown: (fault) => notice({ level: "warning", code: "disconnected", message: fault.message }),
    });
    this.#publishing = this.#links.open("publish");
    const shared = { link: this.#commands, scripts: this.#scripts, keys: this.#keys, clock: ports.clock, notice };
    this.#server = new ServerWatch(this.#commands, ports.clock);
    this.#telemetry = new TelemetrySide({
      ...shared,
      settings: config.telemetry,
      service: config.service,
      session: this.#session,
      openLink: (name) => this.#links.open(name),
    });
    const telemetry = this.#telemetry;
    this.logger = telemetry.logger.bind(telemetry);
    this.event = telemetry.event.bind(telemetry);
    this.eventEntry = telemetry.eventEntry.bind(telemetry);
    this.trace = telemetry.trace.bind(telemetry);
    this.startSpan = telemetry.startSpan.bind(telemetry);
    this.recordSpan = telemetry.recordSpan.bind(telemetry);
    this.runInSpan = telemetry.runInSpan.bind(telemetry);
    this.runningSpan = telemetry.runningSpan.bind(telemetry);
    this.runInTrace = telemetry.runInTrace.bind(telemetry);
    this.logs = this.#telemetry.logs;
    this.traces = this.#telemetry.traces;
    const names = new TopicNames(this.#commands, this.#keys, ports.clock);
    const onTopic = (topic: string): void => names.use(topic);
    this.#settings = new TopicSettingsStore(this.#commands, this.#scripts, this.#keys, ports.clock, config.wire);
    this.#publisher = new Publisher({
      ...config,
      ...shared,
      link: this.#publishing,
      openReplicated: (deadline) => this.#links.open("publish-replicated", { deadline }),
      settings: this.#settings,
      tracer: this.#telemetry.tracer,
      onTopic,
    });
    this.publish = (topic: string | TopicContract, message: OutgoingMessage, options?: PublishOptions) =>
      this.#publish(topic, message, options);
    this.#consumers = new Consumers({
      ...shared,
      settings: this.#settings,
      openReader: (name, onUp) => this.#links.reader(name, BLOCK + 2_000, onUp),
      publish: this.publish,
      tracer: this.#telemetry.tracer,
      retry: config,
      concurrency: config.concurrency,
      onTopic,
    });
    this.#groupViews = new GroupViews({
      ...shared,
      topics: () => this.topics(),
      settings: (topic) => this.#settings.of(topic),
      service: config.service,
    });
    this.#topics = new TopicViews(this.#commands, this.#keys, this.#groupViews, names);
    this.groups = this.#groupViews;
    this.#deadLetters = composeDeadLetters({ ...config, ...shared, session: this.#session, tracer: this.#telemetry.tracer });
    this.deadLetters = this.#deadLetters.store;
    this.#history = new HistoryView({
      ...shared,
      finder: this.#deadLetters.finder,
      topics: () => this.topics(),
      read: (topic, options) => this.read(topic, options),
    });
    const { replayer, expiry } = this.#deadLetters;
    const used = { topics: () => names.used, groups: () => this.#consumers.groups() };
    this.#duties = composeDuties({ ...shared, ...used, retention: config.retention, replayer, expiry });
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

  serverInfo(): Promise<Readonly<Record<string, string>>> {
    return this.#server.info();
  }

  capabilities(): Promise<Capabilities> {
    return capabilitiesOf(this.#commands);
  }

  health(): ServerHealth {
    return this.#server.health();
  }

  telemetry(): TelemetryStats {
    return this.#telemetry.telemetry();
  }

  flush(): Promise<void> {
    return this.#telemetry.flush();
  }

  history(messageId: string, options: { topic?: string } = {}): Promise<MessageHistory | null> {
    return this.#history.of(messageId, options.topic);
  }

  store(name: string): Store {
    return this.#links.store(name);
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
    if (this.#started) await this.#telemetry.stop(Math.min(deadline, DRAIN));
    giveUp();
    this.#links.closeStores();
    this.#publishing.close();
    this.#commands.close();
  }
}
