/** Which of several endpoints is asked next. Never called with none. */
import type { BALANCE_POLICIES } from "../../../routes/spec.ts";

interface Loaded {
  readonly open: number;
  readonly cookie: string;
}

export type Policy = (typeof BALANCE_POLICIES)[number];

/** `turn` grows by one with each choice; `cookie` is the client's. */
export function choose<T extends Loaded>(policy: Policy, among: readonly T[], turn: number, cookie: string | null): T | null {
  if (policy === "round_robin") return among[turn % among.length] ?? null;
  if (policy === "least_connections") return leastOpen(among, turn);
  const mine = policy === "cookie" && cookie !== null ? among.find((endpoint) => endpoint.cookie === cookie) : undefined;
  return mine ?? ofTwo(among);
}

// Private

/** The first of equals would get every request of a quiet time. */
function leastOpen<T extends Loaded>(among: readonly T[], turn: number): T | null {
  let best: T | null = null;
  for (let at = 0; at < among.length; at += 1) {
    const next = among[(turn + at) % among.length];
    if (next !== undefined && (best === null || next.open < best.open)) best = next;
  }
  return best;
}

/** Two at random, the less busy one: nearly as even as asking all, and workers that do not know of each other do not all choose the same. */
function ofTwo<T extends Loaded>(among: readonly T[]): T | null {
  const at = Math.floor(Math.random() * among.length);
  const other = (at + 1 + Math.floor(Math.random() * (among.length - 1))) % among.length;
  const [one, two] = [among[at] ?? null, among[other] ?? null];
  return one !== null && two !== null && two.open < one.open ? two : one;
}
