/** Handler → Work: runs a user's function in the flow of its message and turns what it does into a verdict. */
import type { Clock } from "../clock.ts";
import { TidegateError } from "../errors.ts";
import { checkIncoming, type TopicContract } from "../message/contract.ts";
import type { AttemptRecord, Message } from "../message/message.ts";
import { flow } from "../telemetry/context.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import type { Handler, HandlerContext } from "../consuming.ts";
import type { Publish } from "../publishing.ts";
import type { Work } from "./dispatcher.ts";
import type { Delivery } from "./delivery.ts";
import { HandleSpan } from "./handle-span.ts";
import { ACK, condemn, judge, type Failure, type Verdict } from "./retry-policy.ts";
import type { ResolvedRetry } from "./retry-rules.ts";

export interface HandleOptions extends Judging {
  readonly group: string;
  /** Checked before the handler sees a message; null for untyped topics. */
  readonly contract: TopicContract | null;
  /** Milliseconds, the contract's check included; 0 for none. */
  readonly timeout: number;
  readonly publish: Publish;
  readonly tracer: Tracer;
}

/** A handler that answers without a promise is judged in the same breath: most of the cost of a quick one would be ticks. */
export function handling(handler: Handler, options: HandleOptions): Work {
  const run = runnerOf(handler, options);
  const thrown = (delivery: Delivery, message: Message, reason: unknown): Verdict =>
    reason instanceof Refused ? refused(delivery, message, reason.reason, options) : failed(delivery, message, reason, options);
  const traced: Work = (delivery, message) => {
    const attempt = new HandleSpan(options.tracer, delivery, message, options.group);
    try {
      const answer = flow.run(attempt.within(flowOf(message)), run, message, new Context(delivery, options));
      if (!isThenable(answer)) return attempt.answered(ACK);
      const verdict = Promise.resolve(answer).then(acknowledge, (reason: unknown) => thrown(delivery, message, reason));
      return verdict.then((known) => attempt.answered(known));
    } catch (reason) {
      return attempt.answered(thrown(delivery, message, reason));
    }
  };
  return (delivery, message) => {
    if (message.traceparent !== null && options.tracer.enabled) return traced(delivery, message);
    try {
      const answer = flow.run(flowOf(message), run, message, new Context(delivery, options));
      if (!isThenable(answer)) return ACK;
      return Promise.resolve(answer).then(acknowledge, (reason: unknown) => thrown(delivery, message, reason));
    } catch (reason) {
      return thrown(delivery, message, reason);
    }
  };
}

export interface Judging {
  readonly retry: ResolvedRetry;
  readonly clock: Clock;
}

export function failed(delivery: Delivery, message: Message, thrown: unknown, judging: Judging, delay?: number): Verdict {
  return judge({ ...failureOf(delivery, message, thrown, judging), delay }, judging.retry);
}

/** Dead at once: the contract refuses the message, and will refuse it each time. */
export function refused(delivery: Delivery, message: Message, reason: unknown, judging: Judging, code?: string): Verdict {
  return condemn(failureOf(delivery, message, reason, judging), code);
}

/** What is published in it belongs to the message. */
export function flowOf(message: Message): { correlationId: string; causationId: string; traceparent?: string } {
  const ids = { correlationId: message.correlationId, causationId: message.messageId };
  return message.traceparent === null ? ids : { ...ids, traceparent: message.traceparent };
}

// Private

const acknowledge = (): Verdict => ACK;

/** The handler itself where nothing stands between: each frame of ours costs time in each error, and hides one of the handler's. */
function runnerOf(handler: Handler, options: HandleOptions): (message: Message, context: Context) => unknown {
  const { contract, timeout } = options;
  if (contract === null && timeout === 0) return handler;
  const checked: typeof handler =
    contract === null ? handler : async (message, context) => handler(await accept(contract, message), context);
  return timeout === 0 ? checked : (message, context) => limited(Context.deliveryOf(context), options, () => checked(message, context));
}

/** Keeps the contract's refusal of *this* message apart from one a handler runs into when it publishes. */
class Refused extends Error {
  readonly reason: TidegateError;
  constructor(reason: TidegateError) {
    super(reason.message);
    this.reason = reason;
  }
}

async function accept(contract: TopicContract, message: Message): Promise<Message> {
  const checked = await checkIncoming(contract, message);
  if (checked instanceof TidegateError) throw new Refused(checked);
  return checked;
}

function failureOf(delivery: Delivery, message: Message, thrown: unknown, { clock }: Judging): Failure {
  const { failures, consumer } = delivery;
  return { message, failures, attempts: delivery.attempts(), consumer, thrown, at: clock.wall() };
}

/** Made per message, so it computes only what is asked for. */
class Context implements HandlerContext {
  readonly publish: Publish;
  readonly group: string;
  readonly #delivery: Delivery;

  constructor(delivery: Delivery, options: HandleOptions) {
    this.#delivery = delivery;
    this.group = options.group;
    this.publish = options.publish;
  }

  static deliveryOf(context: Context): Delivery {
    return context.#delivery;
  }

  get signal(): AbortSignal {
    return this.#delivery.signal;
  }

  get attempt(): number {
    return this.#delivery.failures + 1;
  }

  get crashes(): number {
    return this.#delivery.crashes;
  }

  get attempts(): readonly AttemptRecord[] {
    return this.#delivery.attempts();
  }
}

function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as PromiseLike<unknown> | undefined)?.then === "function";
}

async function limited(delivery: Delivery, { timeout: limit, clock }: HandleOptions, run: () => unknown): Promise<void> {
  const error = new TidegateError("HANDLER_TIMEOUT", `The handler took longer than ${limit} ms.`);
  let cancel: (() => void) | undefined;
  const over = new Promise<never>((_, reject) => {
    cancel = clock.after(limit, () => {
      delivery.abort(error);
      reject(error);
    });
  });
  try {
    await Promise.race([run(), over]);
  } finally {
    cancel?.();
  }
}
