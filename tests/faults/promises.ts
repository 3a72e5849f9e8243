/**
 * The promise table of a publish that was answered, as data: what a fault may cost, per durability. The runs are judged against
 * it; docs/concepts/promises.md says the same in words. `unexpected` is 0 in every cell, and so is work acknowledged before its effect.
 */

/** Which messages answered `stored` may be missing afterwards. Always decided message by message, never by a total. */
export type Allowance =
  | "none"
  /** What Redis had not yet synced to its append-only file. */
  | "since the last fsync"
  /** What the promoted replica had not received. */
  | "since the cut"
  /** What somebody deleted in Redis before a group had handled it. */
  | "what was deleted";

/** Which messages may have had their effect twice. */
export type Repeats =
  /** Begun and not yet acknowledged by a worker that the fault hit. */
  | "in flight"
  /** Those, and what was acknowledged above the lost group's last known position. */
  | "in flight, and above the position"
  /** Those, and every acknowledgement that Redis forgot. */
  | "in flight, and forgotten acknowledgements";

export interface Cell {
  readonly durability: "stored" | "replicated";
  readonly fsync: "everysec" | "always";
  readonly lost: Allowance;
  readonly repeated: Repeats;
}

const KEEPS: Cell = { durability: "stored", fsync: "everysec", lost: "none", repeated: "in flight" };

export const PROMISES = {
  "worker-kill": KEEPS,
  "worker-stop": KEEPS,
  "worker-block": KEEPS,
  "redis-kill": KEEPS,
  "redis-stop": KEEPS,
  "client-kill": KEEPS,
  "network-cut": KEEPS,
  "network-half-open": KEEPS,
  "group-destroy": { ...KEEPS, repeated: "in flight, and above the position" },
  "lanes-deleted": { ...KEEPS, lost: "what was deleted" },
  flushall: { ...KEEPS, lost: "what was deleted" },
  "out-of-memory": KEEPS,
  "disk-full": KEEPS,
  "power-loss": { ...KEEPS, lost: "since the last fsync", repeated: "in flight, and forgotten acknowledgements" },
  "power-loss-always": { ...KEEPS, fsync: "always" },
  "failover-stored": { ...KEEPS, lost: "since the cut", repeated: "in flight, and forgotten acknowledgements" },
  "failover-replicated": { ...KEEPS, durability: "replicated", repeated: "in flight, and forgotten acknowledgements" },
} as const satisfies Record<string, Cell>;

export type FaultName = keyof typeof PROMISES;
