/** One message in the caller's hands: three ways to settle it, of which the first counts, and one warning when it is held for long. */
import { asError } from "../errors.ts";
import type { HeldMessage } from "../consuming.ts";
import type { Message } from "../message/message.ts";
import type { Notice } from "../tide.ts";
import type { Delivery } from "./delivery.ts";
import { runInContext, type FlowContext } from "../telemetry/context.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import { failed, flowOf, refused, type Judging } from "./handle.ts";
import { HandleSpan } from "./handle-span.ts";
import { ACK, checked, codeOf, type Verdict } from "./retry-policy.ts";

export interface HoldingDeps extends Judging {
  readonly group: string;
  readonly tracer: Tracer;
  /** Milliseconds; 0 for never. */
  readonly warnAfter: number;
  readonly notice: (notice: Notice) => void;
}

export interface Holding {
  /** The caller has it from now on. */
  handOut(): HeldMessage;
}

/** `decide` is told each verdict; all but the first must be without effect. */
export function held(delivery: Delivery, message: Message, deps: HoldingDeps, decide: (verdict: Verdict) => void): Holding {
  let calm = (): void => {};
  let attempt: HandleSpan | undefined;
  const settled = new Promise<boolean>((resolve) => (delivery.onSettled = (outcome) => resolve(outcome !== "lost")));
  const settle = (verdict: Verdict): Promise<boolean> => {
    calm();
    attempt?.answered(verdict);
    decide(verdict);
    return settled;
  };
  return {
    handOut() {
      calm = warning(delivery, message, deps);
      if (message.traceparent !== null && deps.tracer.enabled) attempt = new HandleSpan(deps.tracer, delivery, message, deps.group);
      return heldMessage(delivery, message, deps, settle, attempt?.within(flowOf(message)) ?? flowOf(message));
    },
  };
}

// Private

function heldMessage(
  delivery: Delivery,
  message: Message,
  deps: HoldingDeps,
  settle: (verdict: Verdict) => Promise<boolean>,
  context: FlowContext,
): HeldMessage {
  return {
    ...message,
    attempt: delivery.failures + 1,
    get signal() {
      return delivery.signal;
    },
    run: (work) => runInContext(context, work),
    ack: () => settle(ACK),
    retry: async ({ delay, reason } = {}) => {
      if (delay !== undefined) checked("retry's delay", delay);
      return await settle(failed(delivery, message, reason ?? new Error("the consumer asked for a retry"), deps, delay));
    },
    deadLetter: (reason) => {
      const error = asError(reason);
      const code = codeOf(error);
      return settle(refused(delivery, message, error, deps, code === "HANDLER_FAILED" ? "UNRECOVERABLE" : code));
    },
  };
}

/** One notice, once; the answer calls it off, and so does the loss of the message. */
function warning(delivery: Delivery, message: Message, { warnAfter, notice, clock }: HoldingDeps): () => void {
  if (warnAfter === 0) return () => {};
  const { messageId } = message;
  const cancel = clock.after(warnAfter, () =>
    notice({
      level: "warning",
      code: "message_held",
      message: `Message ${messageId} of ${message.topic} has been held for ${warnAfter} ms without being settled.`,
      detail: { messageId, ms: warnAfter },
    }),
  );
  delivery.signal.addEventListener("abort", cancel, { once: true });
  return cancel;
}
