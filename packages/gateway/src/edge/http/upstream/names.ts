/**
 * Host names of upstreams, resolved by the system and kept for a few seconds: a container that came back under another address is found
 * again at once, and a busy upstream does not cost a look-up per connection. Link-local and metadata addresses are never given out,
 * whatever a name says: they belong to the machine's provider, and a name can be made to point anywhere after it was checked.
 */
import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { UpstreamError } from "./upstream-error.ts";

/** The longest time an upstream that moved is looked for in its old place. */
const KEEP = 5_000;
/** Names kept: routes can name many hosts over time. */
const MOST_NAMES = 1_000;

type Done = (error: Error | null, addresses: readonly LookupAddress[]) => void;

export class Names {
  readonly #known = new Map<string, { readonly addresses: readonly LookupAddress[]; readonly until: number }>();
  readonly #asked = new Map<string, Done[]>();
  readonly #ask: typeof lookup;

  constructor(ask: typeof lookup = lookup) {
    this.#ask = ask;
  }

  /** For `net.connect`, which tries all addresses one after the other. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.#find(host, (error, addresses) => {
      const first = addresses[0];
      if (error !== null || first === undefined) callback(error ?? new Error("no address"), []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

  // Private

  #find(host: string, done: Done): void {
    const known = this.#known.get(host);
    if (known !== undefined && known.until > performance.now()) return done(null, known.addresses);
    const asked = this.#asked.get(host);
    if (asked !== undefined) return void asked.push(done);
    this.#asked.set(host, [done]);
    this.#ask(host, { all: true }, (error, addresses) => this.#answered(host, error, addresses));
  }

  #answered(host: string, error: Error | null, addresses: readonly LookupAddress[]): void {
    const waiting = this.#asked.get(host) ?? [];
    this.#asked.delete(host);
    const allowed = error === null ? addresses.filter(({ address }) => !isForbidden(address)) : [];
    const refused = error === null && allowed.length === 0 ? forbidden(host) : error;
    if (refused === null) this.#remember(host, allowed);
    for (const done of waiting) done(refused, allowed);
  }

  #remember(host: string, addresses: readonly LookupAddress[]): void {
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    this.#known.set(host, { addresses, until: performance.now() + KEEP });
  }
}

/** Null where an upstream may be there. For addresses, which are not looked up. */
export function refusedAddress(host: string): UpstreamError | null {
  return isIP(host) !== 0 && isForbidden(host) ? forbidden(host) : null;
}

// Private

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet("169.254.0.0", 16, "ipv4");
FORBIDDEN.addSubnet("fe80::", 10, "ipv6");
FORBIDDEN.addAddress("fd00:ec2::254", "ipv6");

function isForbidden(address: string): boolean {
  return FORBIDDEN.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function forbidden(host: string): UpstreamError {
  return new UpstreamError("connect", `${host} is a link-local or metadata address, where no upstream may be`);
}
