/**
 * Looks at a request as a CA will, before an order is spent: whether each name leads here, answers with a token of ours, and lets the CA issue. Changes nothing,
 * but for a token on the board for as long as it looks.
 */
import { randomBytes } from "node:crypto";
import type { AcmeSettings } from "../authority.ts";
import { authoritiesFor } from "../renewal/ladder.ts";
import type { CertificateRequest } from "../request-spec.ts";
import { frontAddresses, isPrivate, ownAddresses, plain } from "./addresses.ts";
import { bad, good, type Finding } from "./finding.ts";
import { checkPort, type Offered } from "./ports.ts";
import { SystemDns, type Dns } from "./resolve.ts";
import { checkCaa, checkZone } from "./zone.ts";

export type { Finding } from "./finding.ts";

/** Where the edge reads what it answers CAs with. */
export interface TokenBoard {
  offer(token: string, value: string, ttlMs: number): Promise<void>;
  withdraw(token: string): Promise<void>;
}

export interface PreflightOptions {
  readonly settings: AcmeSettings;
  readonly board: TokenBoard;
  readonly dns?: Dns;
  /** How CAA records call the CA of a directory (RFC 8555 §9.7.6 `caaIdentities`). Empty, or rejected: nobody knows, then CAA is not looked at. */
  readonly identities?: (directoryUrl: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Where the edge answers tls-alpn-01. Default 443. */
  readonly tlsPort?: number;
}

export class Preflight {
  readonly #options: PreflightOptions;
  readonly #dns: Dns;

  constructor(options: PreflightOptions) {
    this.#options = options;
    this.#dns = options.dns ?? new SystemDns();
  }

  /** In the order of the names; those that are well are told too. Rejects when aborted, or when the board cannot be written. */
  async check(request: CertificateRequest, signal: AbortSignal): Promise<Finding[]> {
    const { settings, board } = this.#options;
    const token = randomBytes(32).toString("base64url");
    const offered = { token, value: `${token}.${randomBytes(32).toString("base64url")}` };
    await board.offer(token, offered.value, OFFERED);
    try {
      const [fronts, identities] = await Promise.all([
        frontAddresses(this.#dns, settings.publicAddresses, signal),
        this.#identities(request, signal),
      ]);
      const of: Surroundings = { request, offered, identities, fronts, own: ownAddresses(), signal };
      return (await inTurns(request.domains, async (domain) => await this.#checkDomain(domain, of))).flat();
    } finally {
      await board.withdraw(token).catch(() => {});
    }
  }

  // Private

  async #checkDomain(domain: string, of: Surroundings): Promise<Finding[]> {
    const { challenge } = of.request;
    const byDns = challenge === "dns-01" || domain.startsWith("*.");
    const [caa, ways] = await Promise.all([this.#caa(domain, of), byDns ? this.#zone(domain, of) : this.#ways(domain, of)]);
    return [...ways, ...caa];
  }

  async #caa(domain: string, { request, identities, signal }: Surroundings): Promise<Finding[]> {
    if (identities === null) return [];
    return [await checkCaa({ domain, challenge: request.challenge, identities }, this.#dns, signal)];
  }

  async #zone(domain: string, { signal }: Surroundings): Promise<Finding[]> {
    return [await checkZone(domain, this.#options.settings.dns, this.#dns, signal)];
  }

  /** By its addresses. `auto` needs one of both ports only. */
  async #ways(domain: string, of: Surroundings): Promise<Finding[]> {
    const [ipv4, ipv6] = await Promise.all([this.#dns.ipv4(domain, of.signal), this.#dns.ipv6(domain, of.signal)]);
    const addresses = [...ipv6.found.map(plain), ...ipv4.found];
    const trouble = ipv4.trouble ?? ipv6.trouble;
    if (addresses.length === 0) return [noAddress(domain, trouble)];
    const outside = this.#options.settings.trusted === null;
    const hidden = addresses.filter((address) => outside && isPrivate(address));
    if (hidden.length > 0) return [notPublic(domain, hidden, of.fronts)];
    const address = good(domain, "address", `${domain} is ${addresses.join(", ")}.`);
    return [address, ...(await this.#ports(domain, addresses, of))];
  }

  async #ports(domain: string, addresses: readonly string[], { request, offered, fronts, own, signal }: Surroundings): Promise<Finding[]> {
    const { settings, tlsPort = 443 } = this.#options;
    const question = { domain, addresses, offered, fronts, own, outside: settings.trusted === null };
    const http = async (): Promise<Finding[]> =>
      await checkPort({ ...question, protocol: "http:", port: settings.httpPort }, this.#dns, signal);
    const tls = async (): Promise<Finding[]> => await checkPort({ ...question, protocol: "https:", port: tlsPort }, this.#dns, signal);
    if (request.challenge === "tls-alpn-01") return await tls();
    const first = await http();
    if (request.challenge === "http-01" || !first.some(isError)) return first;
    const second = await tls();
    if (second.some(isError)) return [...first, ...second];
    return [...first.map((finding) => ({ ...finding, severity: "warning" as const })), ...second];
  }

  /** Per CA that may be asked; null: of one at least nobody knows how it is called. */
  async #identities(request: CertificateRequest, signal: AbortSignal): Promise<(readonly string[])[] | null> {
    const { identities, settings } = this.#options;
    if (identities === undefined) return null;
    const asked = authoritiesFor(request, settings.authorities).map(async ({ directoryUrl, stagingUrl }) => {
      const url = request.staging ? (stagingUrl ?? directoryUrl) : directoryUrl;
      return await identities(url, signal).catch(() => []);
    });
    const all = await Promise.all(asked);
    signal.throwIfAborted();
    return all.every((names) => names.length > 0) ? all.map((names) => names.map((name) => name.toLowerCase())) : null;
  }
}

// Private

/** Milliseconds a token is offered at most; more than all of it takes. */
const OFFERED = 600_000;
/** Names at once. */
const AT_ONCE = 50;

function isError({ ok, severity }: Finding): boolean {
  return !ok && severity === "error";
}

interface Surroundings {
  readonly request: CertificateRequest;
  readonly offered: Offered;
  readonly identities: readonly (readonly string[])[] | null;
  readonly fronts: ReadonlySet<string>;
  readonly own: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

function noAddress(domain: string, trouble: string | null): Finding {
  const message = `The addresses of ${domain} cannot be found out: ${trouble}.`;
  if (trouble !== null) return bad(domain, "address", "warning", message, "Correct the zone, or the resolver of this machine.");
  const none = `${domain} has no address in DNS: neither A nor AAAA.`;
  return bad(domain, "address", "error", none, "Add an A record that leads to this machine.");
}

/** With a balancer or router before us, the name servers in here may say something else than those outside. */
function notPublic(domain: string, addresses: readonly string[], fronts: ReadonlySet<string>): Finding {
  const message = `${domain} is ${addresses.join(", ")}, where no CA in the internet can come.`;
  const hint = "Let its records have the public address, or use dns-01. Where only the DNS in here says so, set ACME_PUBLIC_ADDRESSES.";
  return bad(domain, "address", fronts.size === 0 ? "error" : "warning", message, hint);
}

/** In the order of the items; the first error ends it. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const waiting = [...items.entries()];
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
