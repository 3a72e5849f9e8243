/**
 * Services as the control process has them: looked at here, changed in a thread of their own. What is asked while that has ended waits for the next
 * one; what was under way is answered with SERVICE_BUSY, and goes on with the next one as far as it was noted down.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Span, Tide } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { Part } from "../part.ts";
import type { EngineInfo } from "../services/engine/engine.ts";
import type { Services } from "../services/services.ts";
import { ServiceViews, type ServiceViewsOptions } from "../services/views.ts";
import { errorFrom, type ActName, type FromThread, type ThreadOrder } from "./calls.ts";
import { KeptThread } from "./kept-thread.ts";

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

type Answer = PromiseWithResolvers<unknown>;

export class ThreadedServices extends ServiceViews implements Services {
  readonly part: Part;
  readonly #options: ThreadedServicesOptions;
  readonly #answers = new Map<number, Answer>();
  #engine: { readonly info: EngineInfo | null; readonly problem: string | null } = { info: null, problem: "Docker was not asked yet" };
  readonly #thread: KeptThread;
  /** Why it does not work although it should; null: it does. */
  #ended: string | null = null;
  /** Fulfilled while the thread works. */
  #up = Promise.withResolvers<void>();
  #telling: NodeJS.Timeout | undefined;
  #toldLeads: boolean | null = null;
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
    this.#thread = new KeptThread({
      order: options.order,
      onBegun: () => this.#tellLeads(true),
      onUp: () => this.#worksNow(),
      onMessage: (message) => this.#hear(message),
      onEnded: (why, pause) => this.#gone(why, pause),
    });
    this.part = { name: "services", start: () => this.#start(), stop: () => this.#stop(), health: () => this.#health() };
  }

  engine(): { readonly info: EngineInfo | null; readonly problem: string | null } {
    return this.#engine;
  }

  // Private: its lifetime

  async #start(): Promise<void> {
    this.#telling ??= setInterval(() => this.#tellLeads(), LEADS_EVERY);
    await this.#thread.start();
  }

  async #stop(): Promise<void> {
    clearInterval(this.#telling);
    this.#telling = undefined;
    await this.#thread.stop();
  }

  #health(): { readonly healthy: boolean; readonly detail?: string } {
    const { info, problem } = this.#engine;
    if (this.#ended !== null) return { healthy: false, detail: this.#ended };
    return { healthy: true, detail: problem ?? `Docker ${info?.version ?? "?"}` };
  }

  // Private

  #act<K extends ActName>(act: K): Services[K] {
    const call = async (...args: readonly unknown[]): Promise<unknown> => {
      const span = this.#options.tide().runningSpan();
      await this.#announced(span);
      // Last: nothing may come between it and what is said to the thread.
      await this.#whenUp();
      const id = ++this.#calls;
      const answer = Promise.withResolvers<unknown>();
      this.#answers.set(id, answer);
      this.#thread.say({ kind: "act", id, act, args, traceparent: span?.traceparent });
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

  #hear(message: FromThread): void {
    if (message.kind === "engine") this.#engine = { info: message.info, problem: message.problem };
    else if (message.kind === "trouble") this.#options.onTrouble(message.component, message.message);
    else if (message.kind === "done" || message.kind === "refused") this.#answer(message);
  }

  #answer(message: Extract<FromThread, { id: number }>): void {
    const answer = this.#answers.get(message.id);
    this.#answers.delete(message.id);
    if (message.kind === "done") answer?.resolve(message.value);
    else answer?.reject(errorFrom(message.error));
  }

  #worksNow(): void {
    this.#ended = null;
    this.#up.resolve();
  }

  /** `pause` is null where the process stops. */
  #gone(why: string, pause: number | null): void {
    this.#up = Promise.withResolvers<void>();
    const lost = pause === null ? away("this process stops; what was begun goes on with its next start") : broken(why);
    for (const { reject } of this.#answers.values()) reject(lost);
    this.#answers.clear();
    if (pause === null) return;
    this.#ended = `their thread ended (${why}) and starts again in ${pause / 1000} s; what was begun goes on then`;
    this.#engine = { info: null, problem: `the thread of services ended: ${why}` };
    this.#options.onTrouble("services", this.#ended);
  }

  #tellLeads(anew = false): void {
    const leads = this.#options.leads();
    if (!anew && leads === this.#toldLeads) return;
    this.#toldLeads = leads;
    this.#thread.say({ kind: "leads", leads });
  }
}

// Private

function away(why: string): GatewayError {
  return new GatewayError("SERVICE_BUSY", why, { hint: "Ask again in a moment." });
}

function broken(why: string): GatewayError {
  return new GatewayError("SERVICE_BUSY", `The thread of services ended while this was under way: ${why}. It starts again by itself.`, {
    hint: "What was begun goes on then, or is taken back. See how it stands, and ask again if need be: npx tidegate service ls",
  });
}
