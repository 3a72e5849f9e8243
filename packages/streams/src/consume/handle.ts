/** Handler → Work: runs a user's function in the flow of its message and turns what it does into a verdict. */
import type { Clock } from "../clock.ts";
import { TidegateError } from "../errors.ts";
import { checkIncoming, type TopicContract } from "../message/contract.ts";
import type { AttemptRecord, Message } from "../message/message.ts";
import { runInContext } from "../telemetry/context.ts";
import type { Handler, HandlerContext } from "../consuming.ts";
import type { Publish } from "../publishing.ts";
import type { Work } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { ACK, judge, type ResolvedRetry, type Verdict } from "./retry-policy.ts";

export interface HandleOptions {
  readonly group: string;
  readonly retry: ResolvedRetry;
  /** Checked before the handler sees a message; null for untyped topics. */
  readonly contract: TopicContract | null;
  /** Milliseconds; 0 for none. */
  readonly timeout: number;
  readonly publish: Publish;
  readonly clock: Clock;
}

export function handling(handler: Handler, options: HandleOptions): Work {
  const { contract } = options;
  return async (delivery, read) => {
    let message = read;
    try {
      if (contract !== null) message = await checkIncoming(contract, read);
      const flow = flowOf(message);
      await runInContext(flow, () => limited(delivery, options, () => handler(message, new Context(delivery, options))));
      return ACK;
    } catch (thrown) {
      return failed(delivery, message, thrown, options);
    }
  };
}

export interface Judging {
  readonly retry: ResolvedRetry;
  readonly clock: Clock;
}

export function failed(delivery: Delivery, message: Message, thrown: unknown, { retry, clock }: Judging): Verdict {
  const { failures, consumer } = delivery;
  return judge({ message, failures, attempts: delivery.attempts(), consumer, thrown, at: clock.wall() }, retry);
}

// Private

function flowOf(message: Message): { correlationId: string; causationId: string; traceparent?: string } {
  const ids = { correlationId: message.correlationId, causationId: message.messageId };
  return message.traceparent === null ? ids : { ...ids, traceparent: message.traceparent };
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

async function limited(delivery: Delivery, { timeout: limit, clock }: HandleOptions, run: () => unknown): Promise<void> {
  if (limit === 0) return void (await run());
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
