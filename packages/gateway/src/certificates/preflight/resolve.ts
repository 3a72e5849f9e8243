/** What DNS says of names, asked as CAs ask: no hosts file, no search list. What is not there is empty; what cannot be found out is `trouble`. */
import { Resolver } from "node:dns/promises";
import type { CaaRecord } from "node:dns";

export interface Answer<T> {
  readonly found: readonly T[];
  /** Why nobody can say; null: `found` is all there is. */
  readonly trouble: string | null;
}

/** What preflight asks. Never rejects, but when aborted. */
export interface Dns {
  ipv4(name: string, signal: AbortSignal): Promise<Answer<string>>;
  ipv6(name: string, signal: AbortSignal): Promise<Answer<string>>;
  caa(name: string, signal: AbortSignal): Promise<Answer<CaaRecord>>;
  /** Of the zone itself, not of those above it. */
  nameServers(zone: string, signal: AbortSignal): Promise<Answer<string>>;
}

export interface DnsOptions {
  /** `address:port`. Default: those of the machine. */
  readonly servers?: readonly string[];
  /** Milliseconds for the first try; the second takes twice as long. */
  readonly timeout?: number;
}

export class SystemDns implements Dns {
  readonly #options: DnsOptions;

  constructor(options: DnsOptions = {}) {
    this.#options = options;
  }

  async ipv4(name: string, signal: AbortSignal): Promise<Answer<string>> {
    return await this.#ask(signal, async (resolver) => await resolver.resolve4(name));
  }

  async ipv6(name: string, signal: AbortSignal): Promise<Answer<string>> {
    return await this.#ask(signal, async (resolver) => await resolver.resolve6(name));
  }

  async caa(name: string, signal: AbortSignal): Promise<Answer<CaaRecord>> {
    return await this.#ask(signal, async (resolver) => await resolver.resolveCaa(name));
  }

  async nameServers(zone: string, signal: AbortSignal): Promise<Answer<string>> {
    return await this.#ask(signal, async (resolver) => await resolver.resolveNs(zone));
  }

  // Private

  /** A resolver for each question, so that giving one up gives up no other. */
  async #ask<T>(signal: AbortSignal, question: (resolver: Resolver) => Promise<T[]>): Promise<Answer<T>> {
    signal.throwIfAborted();
    const { servers, timeout = 2_000 } = this.#options;
    const resolver = new Resolver({ timeout, tries: 2 });
    if (servers !== undefined) resolver.setServers(servers);
    const giveUp = (): void => resolver.cancel();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return { found: await question(resolver), trouble: null };
    } catch (error) {
      signal.throwIfAborted();
      return { found: [], trouble: troubleOf(error) };
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}

// Private

const NOTHING = new Set(["ENOTFOUND", "ENODATA"]);
const WORDS: Readonly<Record<string, string>> = {
  ESERVFAIL: "the name server failed (SERVFAIL): often a broken DNSSEC signature",
  EREFUSED: "the name server refused",
  ETIMEOUT: "no name server answered in time",
  ECONNREFUSED: "no name server can be reached",
};

function troubleOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);
  return NOTHING.has(code) ? null : (WORDS[code] ?? code);
}
