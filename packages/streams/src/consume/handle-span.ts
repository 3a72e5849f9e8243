/**
 * One attempt at a message as a span of the trace it came with: from the handler's start to its answer, with what became of it.
 * Told of the verdict and of the settlement, in whichever order they come; the span ends when both are known, or the message is lost.
 */
import type { Message } from "../message/message.ts";
import { LiveSpan } from "../telemetry/span.ts";
import type { Span } from "../telemetry/telemetry.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import { flow, type FlowContext } from "../telemetry/context.ts";
import type { Settlement } from "../consuming.ts";
import type { Delivery } from "./delivery.ts";
import type { Verdict } from "./retry-policy.ts";

export class HandleSpan {
  readonly span: Span;
  readonly #now: () => number;
  #answeredAt: number | undefined;

  /** Of a message that carries a traceparent. */
  constructor(tracer: Tracer, delivery: Delivery, message: Message, group: string) {
    this.#now = () => tracer.now();
    const { topic, messageId, type, traceparent } = message;
    const about = { topic, group, consumer: delivery.consumer, type, message_id: messageId, entry_id: message.entryId };
    const attributes = { ...about, attempt: delivery.failures + 1, crashes: delivery.crashes };
    const options = { kind: "consumer", parent: traceparent ?? "", attributes } as const;
    // Outside of any flow: whatever was running when somebody began to consume is not the cause of this message.
    this.span = flow.run(NOTHING, () => tracer.startSpan(`handle ${topic}`, options));
    // What failed is kept whatever the sampling says, so how it ended is as well.
    if (delivery.failures > 0 && this.span instanceof LiveSpan) this.span.local.wanted = true;
    const told = delivery.onSettled;
    delivery.onSettled = (outcome) => {
      this.#settled(outcome);
      told?.(outcome);
    };
  }

  /** The message's flow, within this span. */
  within(context: FlowContext): FlowContext {
    return { ...context, traceparent: this.span.traceparent, span: this.span };
  }

  /** Hands the verdict on. */
  answered(verdict: Verdict): Verdict {
    this.#answeredAt ??= this.#now();
    if (verdict.kind === "ack") return verdict;
    this.span.fail(verdict.error);
    if (verdict.kind === "dead") this.span.set({ error_code: verdict.code });
    else this.span.set({ retry_in_ms: verdict.delay });
    return verdict;
  }

  // Private

  #settled(outcome: Settlement["outcome"]): void {
    this.span.set({ outcome });
    this.span.end(this.#answeredAt);
  }
}

// Private

const NOTHING: FlowContext = {};
