/**
 * Keeps what a person typed as a destination from reaching into this machine and its network (server-side request forgery): the name is
 * resolved, every address checked, and exactly a checked address connected to, so a name that changes its mind in between changes nothing.
 * https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { lookup as systemLookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

export class ForbiddenTarget extends Error {
  readonly code = "WEBHOOK_TARGET_FORBIDDEN";
}

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

export type Resolve = (host: string) => Promise<readonly Address[]>;

const resolveBySystem: Resolve = async (host) => {
  const found = await systemLookup(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** The address to connect to. All of a name's addresses must be allowed: one bad one is a sign of a trick. */
export async function checkedAddress(host: string, allowPrivate: boolean, resolve: Resolve = resolveBySystem): Promise<Address> {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(bare);
  const addresses: readonly Address[] = family === 0 ? await resolve(bare) : [{ address: bare, family: family === 6 ? 6 : 4 }];
  const first = addresses[0];
  if (first === undefined) throw new Error(`${bare} has no address`);
  const bad = allowPrivate ? undefined : addresses.find(({ address }) => isForbidden(address));
  if (bad === undefined) return first;
  throw new ForbiddenTarget(
    `${bare === bad.address ? bare : `${bare} is ${bad.address}, which`} is an address of this machine or of a private network.`,
  );
}

export function isForbidden(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return family === 4 ? FORBIDDEN.check(address, "ipv4") : !GLOBAL.check(address, "ipv6") || FORBIDDEN.check(address, "ipv6");
}

// Private

/** https://www.iana.org/assignments/iana-ipv4-special-registry, metadata addresses (169.254/16) among them. */
const FORBIDDEN_4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
/** Within the global range: addresses that carry an IPv4 address (Teredo, 6to4), and documentation. What is outside it (::1, ::ffff:0:0/96, 64:ff9b::/96, fc00::/7, fe80::/10) is refused as a whole. */
const FORBIDDEN_6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const FORBIDDEN = new BlockList();
for (const [net, prefix] of FORBIDDEN_4) FORBIDDEN.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of FORBIDDEN_6) FORBIDDEN.addSubnet(net, prefix, "ipv6");

const GLOBAL = new BlockList();
GLOBAL.addSubnet("2000::", 3, "ipv6");
