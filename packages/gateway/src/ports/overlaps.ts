/**
 * Bind addresses in one spelling, and which of them exclude each other on the same port. As Linux has it, for sockets made the way ours are: a
 * socket on `::` also takes IPv4. Somebody else's that does not (IPV6_V6ONLY) is noticed by the probe, never here.
 */
import { isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { GatewayError } from "../errors.ts";

const EVERY_IPV4 = "0.0.0.0";
const EVERY_ADDRESS = "::";

/** Both as `normalBind` answers them. */
export function overlaps(a: string, b: string): boolean {
  if (a === b || a === EVERY_ADDRESS || b === EVERY_ADDRESS) return true;
  return (a === EVERY_IPV4 && isIPv4(b)) || (b === EVERY_IPV4 && isIPv4(a));
}

/** Null for what is no address. `localhost` is 127.0.0.1, an IPv4 address written as IPv6 is IPv4, IPv6 is as short as it can be. */
export function normalBind(text: string): string | null {
  if (text.toLowerCase() === "localhost") return "127.0.0.1";
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return null;
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short) ?? [];
  return high === undefined || low === undefined ? short : dotted(Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16));
}

/** The address in its one spelling; INVALID_PORT when it is none, or not one of this machine. */
export function checkBind(text: string): string {
  const bind = normalBind(text);
  if (bind === null) throw noAddress(`${JSON.stringify(text.slice(0, 64))} is no address to listen on${zoned(text)}`);
  const loopback = process.platform === "linux" && bind.startsWith("127.");
  if (!loopback && !addressesHere().includes(bind)) throw notHere(bind);
  return bind;
}

/** What the operating system itself does not take. */
export function notHere(bind: string): GatewayError {
  return noAddress(`${bind} is no address of this machine`);
}

/** Without link-local ones, which mean nothing without their interface. */
export function addressesHere(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = found.map(({ address }) => normalBind(address) ?? "").filter((address) => address !== "" && !/^fe[89ab]/.test(address));
  return [...new Set([EVERY_IPV4, EVERY_ADDRESS, "127.0.0.1", ...own])];
}

// Private

function noAddress(message: string): GatewayError {
  return new GatewayError("INVALID_PORT", `${message}.`, { hint: `There are: ${addressesHere().join(", ")}` });
}

function zoned(text: string): string {
  return text.includes("%") ? ": an address of one link (%) is not kept" : "";
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}
