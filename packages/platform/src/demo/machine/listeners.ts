/**
 * Listening TCP sockets from /proc/net/tcp and tcp6 (proc_pid_net(5)): state 0A, addresses as 32-bit words in host order
 * (little-endian on every machine we run on).
 */
import { readIfThere } from "./source.ts";

export interface Listener {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  /** `wildcard` is reachable from every network of the machine. */
  readonly scope: "loopback" | "wildcard" | "address";
}

const LISTENING = "0A";

/** Null where the machine shows no socket table. */
export async function readListeners(): Promise<Listener[] | null> {
  const [four, six] = await Promise.all([readIfThere("/proc/net/tcp"), readIfThere("/proc/net/tcp6")]);
  if (four === null && six === null) return null;
  return [...parseListeners(four ?? "", 4), ...parseListeners(six ?? "", 6)];
}

/** One per address and port, in the table's order. */
export function parseListeners(table: string, family: 4 | 6): Listener[] {
  const found = new Map<string, Listener>();
  for (const line of table.split("\n")) {
    const listener = parseLine(line, family);
    if (listener !== null) found.set(keyOf(listener), listener);
  }
  return [...found.values()];
}

export function keyOf(listener: Listener): string {
  return listener.family === 4 ? `${listener.address}:${listener.port}` : `[${listener.address}]:${listener.port}`;
}

// Private

function parseLine(line: string, family: 4 | 6): Listener | null {
  const [, local, , state, , , , uid] = line.trim().split(/\s+/);
  if (state !== LISTENING || local === undefined) return null;
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const address = family === 4 ? addressOf4(match[1]) : addressOf6(match[1]);
  return { family, address, port: Number.parseInt(match[2], 16), uid: Number(uid), scope: scopeOf(address) };
}

function addressOf4(word: string): string {
  return bytesOf(word).join(".");
}

/** The URL parser writes the canonical short form (RFC 5952); only mapped IPv4 it shows as hex. */
function addressOf6(words: string): string {
  const bytes = (words.match(/.{8}/g) ?? []).flatMap(bytesOf);
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return `::ffff:${bytes.slice(12).join(".")}`;
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]`).hostname.slice(1, -1);
}

function bytesOf(word: string): number[] {
  return (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse();
}

function scopeOf(address: string): Listener["scope"] {
  if (address === "0.0.0.0" || address === "::") return "wildcard";
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.") ? "loopback" : "address";
}
