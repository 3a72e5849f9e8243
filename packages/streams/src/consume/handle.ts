/** Handler → Work: runs a user's function in the flow of its message and turns what it does into a verdict. */
import { TidegateError } from "../errors.ts";
import type { Message } from "../message/message.ts";
import { runInContext } from "../telemetry/context.ts";
import type { Handler, HandlerContext, RetryPolicy, Tide } from "../tide.ts";
import type { Work } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { ACK, judge, type Verdict } from "./retry-policy.ts";

export interface HandleOptions {
  readonly group: string;
  readonly retry: Required<RetryPolicy>;
  /** Milliseconds; 0 for none. */
  readonly timeout: number;
  readonly publish: Tide["publish"];
}

export function handling(handler: Handler, options: HandleOptions): Work {
  return async (delivery, message) => {
    try {
      const flow = flowOf(message);
      await runInContext(flow, () => limited(delivery, options.timeout, () => handler(message, contextOf(delivery, options))));
      return ACK;
    } catch (thrown) {
      return failed(delivery, message, thrown, options.retry);
    }
  };
}

export function failed(delivery: Delivery, message: Message, thrown: unknown, retry: Required<RetryPolicy>): Verdict {
  const { failures, consumer } = delivery;
  return judge({ message, failures, attempts: delivery.attempts(), consumer, thrown, at: Date.now() }, retry);
}

// Private

function flowOf(message: Message): { correlationId: string; causationId: string; traceparent?: string } {
  const ids = { correlationId: message.correlationId, causationId: message.messageId };
  return message.traceparent === null ? ids : { ...ids, traceparent: message.traceparent };
}

function contextOf(delivery: Delivery, options: HandleOptions): HandlerContext {
  return {
    get signal() {
      return delivery.signal;
    },
    group: options.group,
    attempt: delivery.failures + 1,
    crashes: delivery.crashes,
    get attempts() {
      return delivery.attempts();
    },
    publish: options.publish,
  };
}

async function limited(delivery: Delivery, limit: number, run: () => unknown): Promise<void> {
  if (limit === 0) return void (await run());
  const error = new TidegateError("HANDLER_TIMEOUT", `The handler took longer than ${limit} ms.`);
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      delivery.abort(error);
      reject(error);
    }, limit);
  });
  try {
    await Promise.race([run(), over]);
  } finally {
    clearTimeout(timer);
  }
}
