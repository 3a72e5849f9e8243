/** When a run strikes, for how long, and whom: drawn from the seed alone, before anything starts. Pure. */
import { Seed } from "./seed.ts";

export interface Strike {
  readonly number: number;
  /** Effects since everybody worked again after the strike before. Progress, not time: a slow machine runs the same schedule. */
  readonly after: number;
  /** Milliseconds the damage lasts. */
  readonly hold: number;
  /** Decides between victims or variants. */
  readonly choice: number;
}

export interface SchedulePlan {
  readonly name: string;
  readonly seed: number;
  readonly hold: readonly [least: number, most: number];
  /** Most effects between two strikes; at least half of it. */
  readonly gap: number;
}

/** Endless; the same plan gives the same strikes in the same order, whichever other kinds run. */
export function* schedule({ name, seed, hold, gap }: SchedulePlan): Generator<Strike, never> {
  const draw = new Seed(mix(seed, name));
  for (let number = 1; ; number++) {
    const after = Math.ceil(gap / 2) + draw.below(Math.floor(gap / 2) + 1);
    yield { number, after, hold: hold[0] + draw.below(hold[1] - hold[0] + 1), choice: draw.below(65_536) };
  }
}

export function describe({ number, after, hold, choice }: Strike): string {
  return `#${number} after ${after} effects, for ${hold} ms, choice ${choice}`;
}

// Private

/** FNV-1a over the name, begun at the seed: each kind draws from a sequence of its own. */
function mix(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
