/**
 * Whose turn it is. Smooth weighted round robin over the sources that have something, and ageing on top: what has waited
 * here longer than `ageing` is next, whatever its lane. Two aged ones never go in a row past a waiting critical message, or a
 * consumer that is always late would forget its priorities.
 */
import type { Delivery, Source } from "./delivery.ts";

export class Turns {
  readonly #sources: readonly Source[];
  /** Milliseconds; 0 for never. */
  readonly #ageing: number;
  #lastWasAged = false;

  constructor(sources: readonly Source[], ageing: number) {
    this.#sources = sources;
    this.#ageing = ageing;
  }

  /** Takes the next delivery out of its buffer; `critical` looks at the critical lanes only. */
  next(now: number, critical = false): Delivery | undefined {
    return this.#source(now, critical)?.buffer.shift();
  }

  // Private

  #source(now: number, critical: boolean): Source | undefined {
    let filled = 0;
    let only: Source | undefined;
    for (const source of this.#sources) {
      if (source.buffer.length === 0 || (critical && !isCritical(source))) continue;
      filled++;
      only = source;
    }
    if (filled < 2) return only;
    const aged = this.#ageing === 0 || critical ? undefined : this.#aged(now);
    this.#lastWasAged = aged !== undefined;
    return aged ?? this.#byWeight(critical);
  }

  #aged(now: number): Source | undefined {
    let oldest: Source | undefined;
    let since = now - this.#ageing;
    let urgent = false;
    for (const source of this.#sources) {
      const first = source.buffer[0];
      if (first === undefined) continue;
      urgent ||= isCritical(source);
      if (first.heldSince < since) [oldest, since] = [source, first.heldSince];
    }
    return this.#lastWasAged && urgent ? undefined : oldest;
  }

  #byWeight(critical: boolean): Source | undefined {
    let total = 0;
    let best: Source | undefined;
    for (const source of this.#sources) {
      if (source.buffer.length === 0 || (critical && !isCritical(source))) continue;
      total += source.weight;
      source.credit += source.weight;
      if (best === undefined || source.credit > best.credit) best = source;
    }
    if (best !== undefined) best.credit -= total;
    return best;
  }
}

/** Retries are one lane for all priorities, so that a failing message never takes what is reserved. */
export function isCritical(source: Source): boolean {
  return source.lane === "critical" && !source.retry;
}
