/**
 * A consumer of one group on one or more topics: reader → buffers → handlers → settlement.
 * States: starting → running → stopping (no reads, buffers handed back, handlers finishing) → closed; or failed from any.
 * The order of the parts is in `start` and, backwards, in `stop`; nothing else knows it.
 */
import { randomBytes } from "node:crypto";
import { TidegateError } from "../errors.ts";
import type { Link } from "../redis/link.ts";
import { pause, type Clock } from "../clock.ts";
import type { Consumer, ConsumerStats, Settlement } from "../consuming.ts";
import type { Notice } from "../tide.ts";
import { Acks } from "./acks.ts";
import { Claims } from "./claims.ts";
import type { Delivery, Source } from "./delivery.ts";
import { Dispatcher, type Work } from "./dispatcher.ts";
import type { GroupStore } from "./group-store.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Promoter, Promoters } from "./promoter.ts";
import { Reader } from "./reader.ts";
import type { Verdict } from "./retry-policy.ts";
import { Settler } from "./settler.ts";

export interface ConsumerDeps {
  readonly store: GroupStore;
  readonly clock: Clock;
  readonly sources: readonly Source[];
  readonly topics: readonly string[];
  /** A connection for the reader alone; told each time it is up again. */
  readonly openReader: (name: string, onUp: (clientId: number, again: boolean) => void) => Link;
  readonly work: Work;
  readonly baseName: string;
  /** Where new groups begin: "0", "$" or an id. */
  readonly start: string;
  readonly concurrency: number;
  /** Handlers only critical messages may take. */
  readonly reserve: number;
  /** Milliseconds after which a buffered message is taken next whatever its lane; 0 for never. */
  readonly ageing: number;
  readonly batch: number;
  readonly lease: number;
  readonly maxCrashes: number;
  readonly promoters: Promoters;
  readonly onSettled: ((settlement: Settlement) => void) | undefined;
  readonly notice: (notice: Notice) => void;
  readonly onClosed: (consumer: GroupConsumer) => void;
}

export class GroupConsumer implements Consumer {
  readonly closed: Promise<void>;
  readonly #deps: ConsumerDeps;
  readonly #acks: Acks;
  readonly #settler: Settler;
  readonly #claims: Claims;
  readonly #heartbeat: Heartbeat;
  readonly #dispatcher: Dispatcher;
  readonly #reader: Reader;
  readonly #readerLink: Link;
  /** By topic; joined while we run. */
  readonly #promoters = new Map<string, Promoter>();
  readonly #counts = { acked: 0, retried: 0, deadLettered: 0, lost: 0 };
  readonly #session = randomBytes(5).toString("hex");
  #epoch = 0;
  #readerId = 0;
  #tidied: Promise<void> = Promise.resolve();
  #stopping = false;
  #aborted = false;
  #stopped: Promise<void> | undefined;
  #end!: { resolve: () => void; reject: (error: Error) => void };

  constructor(deps: ConsumerDeps) {
    this.#deps = deps;
    this.closed = new Promise((resolve, reject) => (this.#end = { resolve, reject }));
    this.closed.catch(() => {});
    const { store } = deps;
    this.#acks = new Acks(
      store,
      (delivery, ours) => this.#finish(delivery, ours ? "acked" : "lost"),
      () => this.#reader.rejoin(),
    );
    this.#claims = new Claims({ ...deps, consumer: () => this.name, onClaimed: (claimed) => this.#receive(claimed, "soon") });
    this.#heartbeat = new Heartbeat({ ...deps, claims: this.#claims });
    this.#readerLink = deps.openReader(`${this.name}.reader`, (id, again) => this.#onReaderUp(id, again));
    this.#settler = this.#buildSettler();
    this.#reader = this.#buildReader();
    this.#dispatcher = new Dispatcher({
      ...deps,
      taken: (source) => this.#reader.madeRoom(source),
      verify: () => this.#heartbeat.verify(),
      settle: (delivery, verdict) => this.#settle(delivery, verdict),
    });
  }

  get name(): string {
    return `${this.#deps.baseName}.${this.#session}${this.#epoch === 0 ? "" : `-${this.#epoch}`}`;
  }

  get group(): string {
    return this.#deps.store.group;
  }

  get topics(): readonly string[] {
    return this.#deps.topics;
  }

  stats(): ConsumerStats {
    const buffered = this.#deps.sources.reduce((sum, source) => sum + source.buffer.length, 0);
    const [running, { stalls }, { sinceLastRead }] = [this.#dispatcher.running, this.#heartbeat, this.#reader];
    return { ...this.#counts, stalls, running, buffered, sinceLastRead };
  }

  /** Resolves once groups exist and the first read is on its way. */
  async start(): Promise<void> {
    for (const topic of this.#deps.topics) await this.#deps.store.ensure(topic, this.#deps.start).then((made) => this.#report(topic, made));
    await this.#readerLink.whenUp(10_000);
    this.#heartbeat.start();
    this.#reader.start();
    this.#claims.start();
    for (const topic of this.#deps.topics) this.#promoters.set(topic, this.#deps.promoters.join({ ...this.#deps, topic }));
  }

  stop(options: { deadline?: number } = {}): Promise<void> {
    return (this.#stopped ??= this.#stop(options.deadline ?? 10_000).then(() => this.#end.resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // Private: parts

  #buildSettler(): Settler {
    return new Settler({
      ...this.#deps,
      finish: (delivery, outcome, error) => this.#finish(delivery, outcome, error),
      release: (delivery) => this.#release(delivery),
      retryStored: (topic, delay) => this.#promoters.get(topic)?.due(delay),
      gone: () => this.#reader.rejoin(),
      failed: (error) => this.#fail(error),
      stopping: () => this.#stopping,
    });
  }

  #buildReader(): Reader {
    const { store } = this.#deps;
    return new Reader({
      ...this.#deps,
      link: this.#readerLink,
      group: store.group,
      consumer: () => this.name,
      unblock: () => store.unblock(this.#readerId),
      onDeliveries: (deliveries, waited) => this.#receive(deliveries, waited ? "now" : "later"),
      dispatch: () => this.#dispatcher.soon(),
      receivedAt: () => this.#heartbeat.receivedAt(),
      tidied: () => this.#tidied,
      regroup: () => this.#regroup(),
      onFatal: (error) => this.#fail(error),
    });
  }

  // Private: the way of a message

  #receive(deliveries: readonly Delivery[], dispatch: "now" | "soon" | "later"): void {
    for (const delivery of deliveries) {
      this.#claims.hold(delivery);
      delivery.source.buffer.push(delivery);
    }
    if (dispatch === "now") this.#dispatcher.now();
    else if (dispatch === "soon") this.#dispatcher.soon();
  }

  #settle(delivery: Delivery, verdict: Verdict): void {
    if (delivery.outcome !== null) {
      if (delivery.outcome === "lost") this.#finish(delivery, "lost");
    } else if (verdict.kind === "ack") {
      delivery.done();
      this.#acks.add(delivery);
    } else if (this.#aborted) this.#settler.handBack(delivery);
    else this.#settler.move(delivery, verdict);
  }

  async #release(delivery: Delivery): Promise<void> {
    await this.#claims.release([delivery]);
    this.#claims.drop(delivery);
    delivery.settle("lost");
  }

  #finish(delivery: Delivery, outcome: Settlement["outcome"], error?: Error): void {
    this.#claims.drop(delivery);
    delivery.settle(outcome);
    this.#counts[COUNTER[outcome]]++;
    if (outcome === "lost")
      this.#deps.notice({
        level: "warning",
        code: "lease_lost",
        message: `Message ${delivery.id} of ${delivery.source.key} went to another consumer of ${this.group} before it was settled.`,
      });
    const { onSettled } = this.#deps;
    if (onSettled === undefined || delivery.message === null) return;
    const duration = this.#deps.clock.now() - delivery.startedAt;
    const settlement: Settlement = { message: delivery.message, group: this.group, outcome, duration };
    onSettled(error === undefined ? settlement : { ...settlement, error });
  }

  // Private: upkeep

  #onReaderUp(clientId: number, again: boolean): void {
    this.#readerId = clientId;
    if (!again || this.#stopping) return;
    this.#deps.notice({ level: "info", code: "reconnected", message: `${this.name} reads again.` });
    this.#tidied = this.#claims.handBackUnseen(this.name).catch(() => {});
  }

  /** The group was lost or moved. Restore it, hand back what we have of it, and begin a new session: nothing held under the old one is ours any more. */
  async #regroup(): Promise<void> {
    for (const topic of this.#deps.topics) this.#report(topic, await this.#deps.store.ensure(topic, "0"));
    const old = this.name;
    this.#epoch++;
    for (const source of this.#deps.sources) source.buffer.length = 0;
    for (const delivery of this.#claims.all()) {
      this.#claims.drop(delivery);
      delivery.settle("lost");
    }
    await this.#claims.handBackUnseen(old).catch(() => {});
  }

  #report(topic: string, made: { restored: number }): void {
    if (made.restored === 0) return;
    this.#deps.notice({
      level: "warning",
      code: "group_recovered",
      message: `Group ${this.group} of ${topic} had been lost on ${made.restored} lanes and resumes at its last known position.`,
    });
  }

  #fail(error: Error): void {
    this.#end.reject(error);
    this.#deps.notice({ level: "error", code: "consumer_failed", message: `${this.name} stopped: ${error.message}` });
    this.#stopped ??= this.#stop(0);
  }

  async #stop(deadline: number): Promise<void> {
    this.#stopping = true;
    this.#dispatcher.close();
    const end = this.#deps.clock.now() + deadline;
    const giveUp = this.#deps.clock.after(1_500, () => this.#readerLink.close());
    await Promise.all([this.#reader.stop(), this.#claims.stop(), this.#leavePromoters()]);
    giveUp();
    await this.#handBackBuffers();
    await this.#finishHandlers(end);
    const rest = this.#deps.clock.after(Math.max(1_000, end - this.#deps.clock.now()), () => this.#acks.abandon());
    await Promise.all([this.#acks.drain(), this.#settler.drain()]);
    rest();
    await this.#heartbeat.stop();
    this.#readerLink.close();
    await this.#leave();
    this.#deps.onClosed(this);
  }

  async #leavePromoters(): Promise<void> {
    const joined = [...this.#promoters.keys()];
    this.#promoters.clear();
    await Promise.all(joined.map((topic) => this.#deps.promoters.leave(topic, this.group)));
  }

  /** Only after reader and sweep have stopped: the sweep would take back what is released. */
  async #handBackBuffers(): Promise<void> {
    const unstarted = this.#deps.sources.flatMap((source) => source.buffer.splice(0));
    for (const delivery of unstarted) this.#claims.drop(delivery);
    await this.#claims.release(unstarted).catch(() => {});
  }

  async #finishHandlers(end: number): Promise<void> {
    if (this.#dispatcher.running === 0) return;
    const idle = this.#dispatcher.idle();
    const limit = new AbortController();
    await Promise.race([idle, pause(this.#deps.clock, Math.max(0, end - this.#deps.clock.now()), limit.signal)]);
    limit.abort();
    if (this.#dispatcher.running === 0) return;
    this.#aborted = true;
    for (const delivery of this.#claims.all())
      if (delivery.running) delivery.abort(new TidegateError("CLOSED", "The consumer stops; its deadline has passed."));
    await Promise.race([idle, pause(this.#deps.clock, 1_000)]);
  }

  async #leave(): Promise<void> {
    try {
      for (const source of this.#deps.sources) await this.#deps.store.removeConsumer(source, this.name);
    } catch {
      // Redis is away; the reaper removes us later.
    }
  }
}

const COUNTER = { acked: "acked", retried: "retried", dead_lettered: "deadLettered", lost: "lost" } as const;
