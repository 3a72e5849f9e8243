/**
 * The numbers of one producer's batches, and those whose answer was lost and may still be asked for. The server remembers an answer in the
 * place `number % 64`, for ten minutes; a number that would overwrite an answer in doubt is left out.
 */
import type { Clock } from "../clock.ts";
import type { Batch } from "./batch.ts";
import { timeFor } from "./durability.ts";

/** Seconds the server remembers an answer. */
export const ANSWERS_KEPT_FOR = 600;
/** Places for answers, as in `publish.lua`. */
const SLOTS = 64;
/** More answers that somebody may still ask for are not held: the other places must go round. */
const MAX_DOUBTS = 32;

export class Doubts {
  readonly #clock: Clock;
  readonly #publishTimeout: number;
  readonly #byPlace = new Map<number, Batch>();
  #number = 0;

  constructor(clock: Clock, publishTimeout: number) {
    this.#clock = clock;
    this.#publishTimeout = publishTimeout;
  }

  nextNumber(): number {
    let doubt: Batch | undefined;
    do {
      doubt = this.#byPlace.get(++this.#number % SLOTS);
    } while (doubt !== undefined && !this.isForgotten(doubt));
    return this.#number;
  }

  remember(batch: Batch): void {
    this.#byPlace.set(batch.number % SLOTS, batch);
    const [oldest] = this.#byPlace.keys();
    if (this.#byPlace.size > MAX_DOUBTS && oldest !== undefined) this.#byPlace.delete(oldest);
  }

  resolve(batch: Batch): void {
    const place = batch.number % SLOTS;
    if (this.#byPlace.get(place) === batch) this.#byPlace.delete(place);
  }

  /** Sent now, it could be stored a second time: the server may have dropped the answer. */
  isForgotten(batch: Batch): boolean {
    return this.#clock.now() - batch.since > ANSWERS_KEPT_FOR * 1_000 - timeFor(batch.durability, this.#publishTimeout);
  }
}
