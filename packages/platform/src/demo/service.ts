/**
 * One demo service as a component: its own connection, one consumer group on everything it listens to, and its loops.
 * Every service consumes its own topic too, under the topic's default group, so each topic has a living group.
 */
import { currentContext, type Consumer, type HandlerContext, type Message, type Settlement, type Tide } from "@tidegate/streams";
import type { Component, ComponentHealth } from "../orchestrator/component.ts";
import { logSettlement } from "../orchestrator/settlement-log.ts";
import { Loop } from "./loop.ts";
import type { Member, Publish, Role } from "./member.ts";

const RETRY_BASE_DELAY = 2_500;
const MAX_RETRIES = 3;
/** A run stuck in a publish while Redis is down must not use up the whole stop limit. */
const LOOP_PATIENCE = 2_000;
const CLOSE_PATIENCE = 3_000;

export interface DemoServiceOptions {
  readonly connect: (service: string) => Promise<Tide>;
  /** Every waiting time is multiplied by it. */
  readonly pace: number;
}

export class DemoService implements Component {
  readonly name: string;
  /** Names of the services that must run before it. */
  readonly needs: readonly string[];
  readonly #role: Role;
  readonly #options: DemoServiceOptions;
  #tide: Tide | null = null;
  #member: Member | null = null;
  #consumer: Consumer | null = null;
  #loops: Loop[] = [];
  #fatal: Error | null = null;
  #published = 0;
  #handled = 0;

  constructor(role: Role, options: DemoServiceOptions) {
    this.name = `demo:${role.topic}`;
    this.needs = (role.needs ?? []).map((topic) => `demo:${topic}`);
    this.#role = role;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#fatal = null;
    this.#tide = await this.#options.connect(`${this.#role.topic}-service`);
    signal.throwIfAborted();
    const member = (this.#member = this.#role.begin(this.#publisher(this.#tide)));
    await member.open?.();
    this.#consumer = await this.#consume(this.#tide, member);
    signal.throwIfAborted();
    this.#loops = member.duties.map((duty) => new Loop(duty, this.#options.pace));
    for (const loop of this.#loops) loop.start();
  }

  /** Sensing ends first, then handlers drain, so that what they still publish finds an open connection. */
  async stop(signal: AbortSignal): Promise<void> {
    const loops = this.#loops.splice(0);
    await unlessAborted(Promise.all(loops.map((loop) => loop.stop())), AbortSignal.any([signal, AbortSignal.timeout(LOOP_PATIENCE)]));
    // Without Redis no handler can finish what it publishes: waiting would only spend the limit.
    const patience = signal.aborted || this.#tide?.health().connected === false ? 0 : 1;
    await this.#consumer?.stop({ deadline: patience * 5_000 });
    await this.#member?.close?.();
    await unlessAborted(this.#tide?.close({ deadline: patience * 2_000 }), AbortSignal.any([signal, AbortSignal.timeout(CLOSE_PATIENCE)]));
    this.#consumer = this.#member = this.#tide = null;
  }

  health(): ComponentHealth {
    const problem = this.#problem();
    const missing = this.#member?.missing?.() ?? [];
    const counts = `${this.#published} published, ${this.#handled} handled`;
    return { healthy: problem === null, detail: [problem, counts, ...missing].filter((part) => part !== null).join("; ") };
  }

  #problem(): string | null {
    if (this.#tide === null) return "not started";
    if (this.#fatal !== null) return `stopped consuming: ${this.#fatal.message}`;
    if (!this.#tide.health().connected) return "waiting for Redis";
    return this.#loops.map((loop) => loop.failure).find((failure) => failure !== null) ?? null;
  }

  #publisher(tide: Tide): Publish {
    return async (type, data, options = {}) => {
      const publish = (): Promise<unknown> => tide.publish(this.#role.topic, { type, data, ...options });
      // What a service notices by itself begins a trace; what a handler publishes goes on with that of its message.
      await (currentContext() === undefined ? tide.trace(`notice ${type}`, publish) : publish());
      this.#published += 1;
    };
  }

  async #consume(tide: Tide, member: Member): Promise<Consumer> {
    const { topic, listensTo, concurrency = 4 } = this.#role;
    const retry = { baseDelay: RETRY_BASE_DELAY * this.#options.pace, maxRetries: MAX_RETRIES };
    const logger = tide.logger(this.name);
    const onSettled = (settled: Settlement): void => logSettlement(logger, settled);
    const settings = { onSettled, group: `${topic}_processors`, name: topic, from: "beginning", concurrency, retry } as const;
    const consumer = await tide.consume([topic, ...listensTo], settings, (message, context) => this.#handle(member, message, context));
    consumer.closed.catch((error: unknown) => (this.#fatal = error instanceof Error ? error : new Error(String(error))));
    return consumer;
  }

  async #handle(member: Member, message: Message, context: HandlerContext): Promise<void> {
    await member.handle?.(message, context);
    this.#handled += 1;
  }
}

// Private

async function unlessAborted(work: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  await Promise.race([work, promise]);
  signal.removeEventListener("abort", onAbort);
}
