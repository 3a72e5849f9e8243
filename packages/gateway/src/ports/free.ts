/** Stretches of ports that nobody has: neither by a claim nor, as far as can be seen without trying each, on the machine. */
import type { PortClaim } from "./ports.ts";
import { invalid, LAST_PORT } from "./request.ts";
import { socketsHere } from "./sockets.ts";

const FIRST = 1024;

export async function freeStretches(
  claims: readonly PortClaim[],
  restricted: ReadonlySet<number>,
  least: number,
): Promise<{ from: number; to: number; count: number }[]> {
  const most = LAST_PORT - FIRST + 1;
  if (!Number.isInteger(least) || least < 1 || least > most)
    throw invalid(`A stretch has 1 to ${most} ports, not ${String(least).slice(0, 32)}`);
  const sockets = (await Promise.all([socketsHere("tcp"), socketsHere("udp")])).flat();
  const listening = sockets.filter((socket) => socket.listening);
  const used = new Set([...restricted, ...claims.map(({ port }) => port), ...listening.map(({ port }) => port)]);
  return between([...used].toSorted((a, b) => a - b)).filter(({ count }) => count >= least);
}

// Private

function between(used: readonly number[]): { from: number; to: number; count: number }[] {
  const found = [];
  let from = FIRST;
  for (const port of [...used.filter((one) => one >= FIRST && one <= LAST_PORT), LAST_PORT + 1]) {
    if (port > from) found.push({ from, to: port - 1, count: port - from });
    from = Math.max(from, port + 1);
  }
  return found;
}
