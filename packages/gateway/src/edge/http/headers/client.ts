/**
 * Who asks. What a client says of itself counts only where the peer is a proxy that was named as trusted; by default nobody is. The chain is read
 * from its end, each address vouching for the one before it, and ends at the first that is not trusted or is no address: what stands before
 * that was written by somebody unknown and goes no further.
 */
import { isIP } from "node:net";
import { unmapped } from "../../../routes/cidr.ts";
import type { EdgeRequest } from "../exchange.ts";
import type { Client } from "../plan.ts";

/** Networks of `routes/cidr.ts`. */
export interface Cidrs {
  contains(address: string): boolean;
}

/** Hops looked at: a longer chain is no chain. */
const MOST_HOPS = 32;

export function trueClient(request: EdgeRequest, trusted: Cidrs): Client {
  const peer = plainAddress(request.peer.address);
  if (!trusted.contains(peer)) return { address: peer, secure: request.peer.secure, host: request.authority, chain: peer, trusted: false };
  const chain = verified(request, peer, trusted);
  return {
    address: chain[0] ?? peer,
    secure: saysSecure(request) ?? request.peer.secure,
    host: saysHost(request) ?? request.authority,
    chain: chain.join(", "),
    trusted: true,
  };
}

/** `::ffff:10.0.0.1` is 10.0.0.1; a zone is of this machine only. */
export function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  const zone = address.indexOf("%");
  return unmapped(zone === -1 ? address : address.slice(0, zone)).toLowerCase();
}

// Private

/** The client first, the peer last. */
function verified({ fields }: EdgeRequest, peer: string, trusted: Cidrs): string[] {
  const chain = [peer];
  const hops = fields.all("x-forwarded-for").flatMap((said) => said.split(","));
  for (let at = hops.length - 1; at >= 0 && chain.length <= MOST_HOPS; at -= 1) {
    const address = hopAddress(hops[at] ?? "");
    if (address === null) break;
    chain.unshift(address);
    if (!trusted.contains(address)) break;
  }
  return chain;
}

/** An address, in brackets or not, with port or without. */
function hopAddress(hop: string): string | null {
  const text = hop.trim();
  const inBrackets = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(text)?.[1];
  if (inBrackets !== undefined) return isIP(inBrackets) === 6 ? plainAddress(inBrackets) : null;
  const bare = /^[\d.]+:\d{1,5}$/.test(text) ? text.slice(0, text.indexOf(":")) : text;
  return isIP(bare) === 0 || bare.includes("%") ? null : plainAddress(bare);
}

function saysSecure({ fields }: EdgeRequest): boolean | null {
  const said = fields.get("x-forwarded-proto")?.toLowerCase();
  return said === "https" || said === "wss" ? true : said === "http" || said === "ws" ? false : null;
}

const AUTHORITY = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

function saysHost({ fields }: EdgeRequest): string | null {
  const said = fields.get("x-forwarded-host");
  return said !== undefined && AUTHORITY.test(said) ? said : null;
}
