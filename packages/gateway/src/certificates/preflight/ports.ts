/** Whether a CA that comes to a name, at every address it has, would get our answer. */
import { isPrivate } from "./addresses.ts";
import { bad, good, type Check, type Finding } from "./finding.ts";
import { reach, type Reached } from "./reach.ts";
import type { Dns } from "./resolve.ts";

export interface Offered {
  readonly token: string;
  readonly value: string;
}

export interface PortQuestion {
  readonly domain: string;
  readonly addresses: readonly string[];
  /** `http:` or `https:`. */
  readonly protocol: "http:" | "https:";
  readonly port: number;
  readonly offered: Offered;
  /** Addresses before us, where asking from here may fail though it works from outside. */
  readonly fronts: ReadonlySet<string>;
  /** The CA is in the internet: private addresses are never asked, whoever redirects there. */
  readonly outside: boolean;
  /** Of this machine. */
  readonly own: ReadonlySet<string>;
}

/** One finding per address that is not well, or one that all are. */
export async function checkPort(question: PortQuestion, dns: Dns, signal: AbortSignal): Promise<Finding[]> {
  const { domain, addresses, protocol, port, offered, outside } = question;
  const check = protocol === "http:" ? "port-80" : "port-443";
  const url = new URL(`${protocol}//${domain}:${port}/.well-known/acme-challenge/${offered.token}`);
  const addressesOf = async (name: string): Promise<readonly string[]> =>
    (await dns.ipv4(name, signal)).found.filter((address) => !outside || !isPrivate(address));
  const asked = addresses.slice(0, MOST_ADDRESSES).map(async (address) => {
    const reached = await reach({ url, address, value: offered.value, addressesOf }, signal);
    return { address, reached };
  });
  const all = await Promise.all(asked);
  const problems = all.flatMap(({ address, reached }) => problemAt(question, check, address, reached));
  if (problems.length === 0) return [good(domain, check, `${domain} answers with our token at ${addresses.join(", ")}.`)];
  // A CA goes on to IPv4 where nobody answers at IPv6 (boulder, ra), and nowhere else.
  const ipv4Works = all.some(({ address, reached }) => !address.includes(":") && reached.outcome === "ours");
  const silent = new Set(all.filter(({ reached }) => reached.outcome === "silent").map(({ address }) => address));
  return problems.map(({ address, finding }) =>
    ipv4Works && address.includes(":") && silent.has(address) ? { ...finding, severity: "warning" } : finding,
  );
}

// Private

/** More are not asked by CAs either. */
const MOST_ADDRESSES = 8;
/** This machine cannot go there; a CA may. */
const NO_WAY = new Set(["ENETUNREACH", "EADDRNOTAVAIL"]);

function problemAt(
  { domain, protocol, port, fronts, own, addresses }: PortQuestion,
  check: Check,
  address: string,
  reached: Reached,
): { address: string; finding: Finding }[] {
  if (reached.outcome === "ours") return [];
  const ipv6 = address.includes(":");
  const where = `${domain} at ${address}, port ${port}${ipv6 ? " (AAAA)" : ""}`;
  const unsure = reached.outcome === "silent" && (fronts.has(address) || NO_WAY.has(reached.code));
  // A wrong AAAA is what nobody sees: browsers fall back to IPv4, CAs do not.
  const aaaa =
    ipv6 && addresses.some((other) => !other.includes(":")) ? "A CA asks IPv6 first: correct the AAAA record or remove it. " : "";
  const hint = `${aaaa}${reached.outcome === "silent" ? silentHint(address, own, port) : otherHint(own.has(address), protocol)}`;
  const message = `${where}: ${reached.what}.`;
  return [{ address, finding: bad(domain, check, unsure ? "warning" : "error", message, hint) }];
}

function silentHint(address: string, own: ReadonlySet<string>, port: number): string {
  if (own.has(address)) return `Let the edge listen on port ${port} of ${address}.`;
  if (isPrivate(address)) return `Let whoever has ${address} forward port ${port} to this machine.`;
  return `Open port ${port} up to this machine. Where a router only lets others in under its address, put it into ACME_PUBLIC_ADDRESSES.`;
}

function otherHint(own: boolean, protocol: "http:" | "https:"): string {
  const path = "/.well-known/acme-challenge/";
  return own
    ? `Another program has the port: end it, or let it pass ${path} on to Tidegate.`
    : `Point the record at this machine, or let what answers there pass ${path} on to it${protocol === "http:" ? " without redirecting in a circle" : ""}.`;
}
