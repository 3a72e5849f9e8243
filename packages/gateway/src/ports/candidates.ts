/** In which order ports are looked at. A range: from its beginning. Any: from a random place, so that instances rarely meet. */
import { readFileSync } from "node:fs";
import type { CheckedRequest } from "./request.ts";

export function* candidates({ from, to, kind }: CheckedRequest): Generator<number> {
  if (kind !== "any") return yield* stretch(from, to);
  const passing = passingPorts();
  yield* rotated([
    { from, to: Math.min(to, passing.from - 1) },
    { from: Math.max(from, passing.to + 1), to },
  ]);
  yield* rotated([{ from: Math.max(from, passing.from), to: Math.min(to, passing.to) }]);
}

// Private

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Ports the kernel gives to outgoing connections: one of them may be gone between the claim and the moment somebody listens there, so they are
 * given last.
 */
function passingPorts(): Stretch {
  try {
    const [from = 0, to = -1] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    return { from, to };
  } catch {
    return { from: 49_152, to: 65_535 };
  }
}

function* stretch(from: number, to: number): Generator<number> {
  for (let port = from; port <= to; port++) yield port;
}

/** All of them, beginning somewhere and coming round. */
function* rotated(stretches: readonly Stretch[]): Generator<number> {
  const some = stretches.filter(({ from, to }) => from <= to);
  const count = some.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const start = Math.floor(Math.random() * count);
  for (let at = 0; at < count; at++) yield nth(some, (start + at) % count);
}

function nth(stretches: readonly Stretch[], at: number): number {
  let rest = at;
  for (const { from, to } of stretches) {
    if (rest <= to - from) return from + rest;
    rest -= to - from + 1;
  }
  throw new RangeError(`there is no port number ${at}`);
}
