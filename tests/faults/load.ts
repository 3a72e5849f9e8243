/**
 * The publisher of a fault run: a steady rate, whatever happens to the answers, and a record of what each publish was told.
 * It gives up early and asks again, so that refusals and unknown answers really occur.
 */
import { NotReplicated, PublishUnknown, TidegateError, type Tide } from "@tidegate/streams";
import type { Published } from "@tidegate/streams/testing";
import { now, type Witness } from "./effects.ts";

export interface Publication extends Published {
  /** Monotonic milliseconds of the first question and of the last answer. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Publishes without an answer. */
const WIDTH = 100;
/** Published and not yet effected: beyond that the workers are stuck, and more would only fill Redis. */
const BACKLOG = 4_000;
/** Milliseconds an unknown answer is asked for before it is written down as unknown. */
const PATIENCE = 30_000;
const TICK = 10;

export class Load {
  readonly published: Publication[] = [];
  /** Publishes that were answered only by `.retry()`. */
  askedAgain = 0;
  /** Publishes stored on fewer replicas than asked for. */
  unconfirmed = 0;
  readonly #tide: Tide;
  readonly #topic: string;
  readonly #witness: Witness;
  readonly #rate: number;
  readonly #unanswered = new Set<Promise<void>>();
  #next = 0;
  #refused = 0;
  readonly #refusals = new Map<string, number>();
  /** Messages of which nothing is expected any more. */
  #settled = 0;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #awaited: { stored: number; reached: () => void } | undefined;

  /** `rate` in messages a second. */
  constructor(tide: Tide, topic: string, witness: Witness, rate: number) {
    this.#tide = tide;
    this.#topic = topic;
    this.#witness = witness;
    this.#rate = rate;
  }

  /** Publishes refused with this error code so far. */
  refused(code: string): number {
    return this.#refusals.get(code) ?? 0;
  }

  open(): void {
    this.#settled = this.#next - this.#refused - this.#witness.effected;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** Resolves when so many more publishes have been answered `stored`. */
  confirmed(count: number): Promise<void> {
    const reached = Promise.withResolvers<void>();
    this.#awaited = { stored: count, reached: reached.resolve };
    return reached.promise;
  }

  /** Publishes nothing more until opened again; resolves when everything has its answer. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#unanswered);
  }

  // Private

  get #backlog(): number {
    return this.#next - this.#refused - this.#settled - this.#witness.effected;
  }

  #tick(): void {
    this.#due += (this.#rate * TICK) / 1_000;
    for (; this.#due >= 1; this.#due--) {
      if (this.#unanswered.size >= WIDTH || this.#backlog >= BACKLOG) return void (this.#due = 0);
      const answered = this.#one(this.#next++).finally(() => this.#unanswered.delete(answered));
      this.#unanswered.add(answered);
    }
  }

  async #one(seq: number): Promise<void> {
    const askedAt = now();
    const outcome = await this.#publish(seq);
    if (outcome === "refused") this.#refused++;
    this.published.push({ seq, outcome, askedAt, answeredAt: now() });
    if (outcome === "stored" && this.#awaited !== undefined && --this.#awaited.stored <= 0) this.#awaited.reached();
  }

  async #publish(seq: number): Promise<Published["outcome"]> {
    try {
      await this.#tide.publish(this.#topic, { type: "fault_probe", data: { seq } });
      return "stored";
    } catch (error) {
      return await this.#outcomeOf(error);
    }
  }

  async #outcomeOf(error: unknown): Promise<Published["outcome"]> {
    if (error instanceof PublishUnknown) return await this.#insist(error);
    // Stored, but not as safely as was asked for: the promise of `replicated` does not cover it.
    if (error instanceof NotReplicated) return (this.unconfirmed++, "unknown");
    const code = error instanceof TidegateError ? error.code : String(error);
    this.#refusals.set(code, this.refused(code) + 1);
    return "refused";
  }

  /** An unknown answer is asked for again, as the error says, until it is known. */
  async #insist(error: PublishUnknown): Promise<Published["outcome"]> {
    this.askedAgain++;
    for (const end = now() + PATIENCE; now() < end;) {
      const answer = await error.retry().then(
        () => "stored" as const,
        (caught: unknown) => caught,
      );
      if (answer === "stored") return answer;
      if (answer instanceof NotReplicated) return (this.unconfirmed++, "unknown");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return "unknown";
  }
}
