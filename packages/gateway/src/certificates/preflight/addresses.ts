/** Which addresses lead to us, and which nobody outside can reach. */
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Dns } from "./resolve.ts";

/** Of this machine. */
export function ownAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => plain(address))));
}

/** Of the balancer or router before us, given as addresses or names. */
export async function frontAddresses(dns: Dns, given: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
  const each = given.map(async (one) => {
    if (isIP(one) !== 0) return [plain(one)];
    const [ipv4, ipv6] = await Promise.all([dns.ipv4(one, signal), dns.ipv6(one, signal)]);
    return [...ipv4.found, ...ipv6.found].map(plain);
  });
  return new Set((await Promise.all(each)).flat());
}

/** For this machine or its network only (IANA's special-purpose registries). */
export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** IPv6 in the one spelling there is for it. */
export function plain(address: string): string {
  return isIP(address) === 6 && !address.includes("%") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

// Private

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [
  ["::", 127],
  ["2001:db8::", 32],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv6");
