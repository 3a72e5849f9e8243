/**
 * Services as the control process has them: looked at here, changed in a thread of their own. A thread that breaks takes the process along, as any
 * uncaught error would; the supervisor starts it again, and what was noted down goes on.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Span, Tide } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { Part } from "../part.ts";
import type { EngineInfo } from "../services/engine/engine.ts";
import type { Services } from "../services/services.ts";
import { ServiceViews, type ServiceViewsOptions } from "../services/views.ts";
import { errorFrom, type ActName, type FromThread, type ThreadOrder, type ToThread } from "./calls.ts";

export interface ThreadedServicesOptions extends ServiceViewsOptions {
  readonly order: ThreadOrder;
  readonly tide: () => Tide;
  readonly leads: () => boolean;
  readonly onTrouble: (component: string, message: string) => void;
}

/** Milliseconds between two looks at who leads. */
const LEADS_EVERY = 250;
/** Milliseconds an act waits for a start that is under way. */
const UP_PATIENCE = 10_000;
/** Milliseconds an act waits until its trace is stored; then Redis is away, and the act will say so. */
const ANNOUNCE_LIMIT = 1_000;
/** Milliseconds a stop may take. */
const STOP_LIMIT = 8_000;

type Answer = PromiseWithResolvers<unknown>;

export class ThreadedServices extends ServiceViews implements Services {
  readonly part: Part;
  readonly #options: ThreadedServicesOptions;
  readonly #answers = new Map<number, Answer>();
  #engine: { readonly info: EngineInfo | null; readonly problem: string | null } = { info: null, problem: "Docker was not asked yet" };
  #thread: Worker | null = null;
  /** Fulfilled while the thread works. */
  #up = Promise.withResolvers<void>();
  #exited: Promise<void> = Promise.resolve();
  #telling: NodeJS.Timeout | undefined;
  #calls = 0;

  readonly create = this.#act("create");
  readonly update = this.#act("update");
  readonly rollback = this.#act("rollback");
  readonly restore = this.#act("restore");
  readonly start = this.#act("start");
  readonly stop = this.#act("stop");
  readonly restart = this.#act("restart");
  readonly delete = this.#act("delete");
  readonly pause = this.#act("pause");
  readonly resume = this.#act("resume");
  readonly adopt = this.#act("adopt");
  readonly cleanUp = this.#act("cleanUp");

  constructor(options: ThreadedServicesOptions) {
    super(options);
    this.#options = options;
    this.part = { name: "services", start: () => this.#start(), stop: () => this.#stop(), health: () => this.#health() };
  }

  engine(): { readonly info: EngineInfo | null; readonly problem: string | null } {
    return this.#engine;
  }

  // Private: its lifetime

  async #start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<void>();
    const thread = new Worker(MAIN, { workerData: this.#options.order, name: "tidegate services" });
    this.#thread = thread;
    this.#exited = exited.promise;
    thread.on("message", (message: FromThread) => this.#hear(message, first));
    thread.on("exit", () => {
      first.reject(new Error("the thread of services ended while it started"));
      this.#gone();
      exited.resolve();
    });
    this.#tellLeads();
    try {
      await first.promise;
      this.#up.resolve();
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    this.#say({ kind: "stop" });
    const late = setTimeout(() => void thread.terminate(), STOP_LIMIT);
    await this.#exited;
    clearTimeout(late);
  }

  #health(): { readonly healthy: boolean; readonly detail?: string } {
    const { info, problem } = this.#engine;
    return { healthy: true, detail: problem ?? `Docker ${info?.version ?? "?"}` };
  }

  // Private

  #act<K extends ActName>(act: K): Services[K] {
    const call = async (...args: readonly unknown[]): Promise<unknown> => {
      const span = this.#options.tide().runningSpan();
      await Promise.all([this.#announced(span), this.#whenUp()]);
      const id = ++this.#calls;
      const answer = Promise.withResolvers<unknown>();
      this.#answers.set(id, answer);
      this.#say({ kind: "act", id, act, args, traceparent: span?.traceparent });
      return await answer.promise;
    };
    return call as Services[K];
  }

  /** Known even if this process dies right after: what the thread does hangs below it. */
  async #announced(span: Span | undefined): Promise<void> {
    if (span === undefined) return;
    span.announce();
    await Promise.race([this.#options.tide().flush(), pause(ANNOUNCE_LIMIT, undefined, { ref: false })]);
  }

  async #whenUp(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.reject(away("services are not up yet")), UP_PATIENCE);
    await Promise.race([this.#up.promise, late.promise]).finally(() => clearTimeout(timer));
  }

  #hear(message: FromThread, first: PromiseWithResolvers<void>): void {
    if (message.kind === "up") first.resolve();
    else if (message.kind === "failed") first.reject(errorFrom(message.error));
    else if (message.kind === "engine") this.#engine = { info: message.info, problem: message.problem };
    else if (message.kind === "trouble") this.#options.onTrouble(message.component, message.message);
    else this.#answer(message);
  }

  #answer(message: Extract<FromThread, { id: number }>): void {
    const answer = this.#answers.get(message.id);
    this.#answers.delete(message.id);
    if (message.kind === "done") answer?.resolve(message.value);
    else answer?.reject(errorFrom(message.error));
  }

  #gone(): void {
    clearInterval(this.#telling);
    this.#thread = null;
    this.#up = Promise.withResolvers<void>();
    for (const { reject } of this.#answers.values()) reject(away("this process stops; what was begun goes on with its next start"));
    this.#answers.clear();
  }

  #tellLeads(): void {
    let told: boolean | null = null;
    const tell = (): void => {
      const leads = this.#options.leads();
      if (leads === told) return;
      told = leads;
      this.#say({ kind: "leads", leads });
    };
    tell();
    this.#telling = setInterval(tell, LEADS_EVERY);
  }

  #say(message: ToThread): void {
    this.#thread?.postMessage(message);
  }
}

// Private

/** `.ts` from source, `.js` where published. */
const MAIN = new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url);

function away(why: string): GatewayError {
  return new GatewayError("SERVICE_BUSY", why, { hint: "Ask again in a moment." });
}
