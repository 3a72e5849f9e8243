/**
 * The publisher of a fault run. Keeps a bounded backlog in front of the workers, so that they always have work in flight,
 * and writes down what each publish was answered.
 */
import { PublishUnknown, type Tide } from "@tidegate/streams";
import type { Published } from "./checker.ts";
import type { Witness } from "./effects.ts";

/** Published and not yet effected. Larger than what all workers hold together. */
const BACKLOG = 400;
/** Publishes without an answer. */
const WIDTH = 50;
/** Milliseconds an unknown answer is asked for before it is written down as unknown. */
const PATIENCE = 20_000;

export class Load {
  readonly published: Published[] = [];
  readonly #tide: Tide;
  readonly #topic: string;
  readonly #witness: Witness;
  #next = 0;
  #limit = 0;
  #raised = Promise.withResolvers<void>();
  #finished = false;
  #refused = 0;
  /** Publishes that were answered only by `.retry()`. */
  retried = 0;

  constructor(tide: Tide, topic: string, witness: Witness) {
    this.#tide = tide;
    this.#topic = topic;
    this.#witness = witness;
  }

  /** Allows publishing up to this many messages altogether. */
  allow(count: number): void {
    this.#limit = count;
    this.#raised.resolve();
    this.#raised = Promise.withResolvers();
  }

  /** No more will be allowed: `run` resolves when all that is allowed has been answered. */
  finish(count: number): void {
    this.#finished = true;
    this.allow(count);
  }

  /** Messages begun so far. */
  get begun(): number {
    return this.#next;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: WIDTH }, () => this.#lane()));
  }

  get #backlog(): number {
    return this.#next - this.#refused - this.#witness.effected;
  }

  async #lane(): Promise<void> {
    while (await this.#turn()) {
      const seq = this.#next++;
      const outcome = await this.#publish(seq);
      this.published.push({ seq, outcome });
    }
  }

  /** True when one more may be published, false when there is nothing more to come. */
  async #turn(): Promise<boolean> {
    for (;;) {
      if (this.#next < this.#limit && this.#backlog < BACKLOG) return true;
      if (this.#next >= this.#limit && this.#finished) return false;
      const raised = this.#raised.promise;
      if (this.#next >= this.#limit) await raised;
      else await this.#witness.until("the workers catch up with the publisher", () => this.#next >= this.#limit || this.#backlog < BACKLOG);
    }
  }

  async #publish(seq: number): Promise<Published["outcome"]> {
    try {
      await this.#tide.publish(this.#topic, { type: "fault_probe", data: { seq } });
      return "stored";
    } catch (error) {
      if (error instanceof PublishUnknown) return await this.#insist(error);
      this.#refused += 1;
      return "refused";
    }
  }

  /** An unknown answer is asked for again, as the error says, until it is known. */
  async #insist(error: PublishUnknown): Promise<Published["outcome"]> {
    this.retried += 1;
    for (const end = performance.now() + PATIENCE; performance.now() < end;) {
      const stored = await error.retry().then(
        () => true,
        () => false,
      );
      if (stored) return "stored";
    }
    return "unknown";
  }
}
