/**
 * Which entries of one component are written: its least level, its samples and its limits, as they are now. Loggers hold their gate
 * and ask it before anything else; a change of the settings changes the gate and no logger.
 * Levels as numbers, lowest first: the place in `LEVELS`.
 */
import type { Clock } from "../clock.ts";
import { LEVELS, type Level, type LogSettings } from "./telemetry.ts";

export const RANK = Object.fromEntries(LEVELS.map((level, rank) => [level, rank])) as Readonly<Record<Level, number>>;
/** Above every level: nothing passes. */
const NOTHING = LEVELS.length;

export class Gate {
  /** Entries below it are not written. */
  least: number = NOTHING;
  /** Null: each entry that is high enough passes. */
  rules: Rules | null = null;
}

/** Samples and limits of one component. */
export class Rules {
  readonly #samples: readonly (number | null)[];
  readonly #limits: readonly (readonly Limit[])[];
  /** Entries that a limit left out, not yet told. */
  leftOut = 0;

  private constructor(samples: readonly (number | null)[], limits: readonly (readonly Limit[])[]) {
    this.#samples = samples;
    this.#limits = limits;
  }

  /** Null when there are none for this component. */
  static of(component: string, settings: LogSettings, clock: Clock): Rules | null {
    const { samples: shares, limits: most } = settings;
    const share = own(shares, component);
    const samples = LEVELS.map((level, rank) => (rank >= RANK.warn ? null : (own(shares, `${component}:${level}`) ?? share)));
    const shared = limitOf(own(most, component), clock);
    const limits = LEVELS.map((level) => [...shared, ...limitOf(own(most, `${component}:${level}`), clock)]);
    return samples.some((one) => one !== null) || limits.some((some) => some.length > 0) ? new Rules(samples, limits) : null;
  }

  admits(rank: number): "yes" | "sampled" | "limited" {
    const share = this.#samples[rank] ?? null;
    if (share !== null && Math.random() >= share) return "sampled";
    for (const limit of this.#limits[rank] ?? []) {
      if (limit.admits()) continue;
      this.leftOut += 1;
      return "limited";
    }
    return "yes";
  }
}

/** A component may be called `constructor`. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

function limitOf(perSecond: number | null, clock: Clock): Limit[] {
  return perSecond === null ? [] : [new Limit(perSecond, clock)];
}

/** So many a second, counted from the first entry of that second. */
class Limit {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  admits(): boolean {
    const now = this.#clock.now();
    if (now - this.#since >= 1_000) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#perSecond;
  }
}
