/** The DNS that the test CA asks (pebble-challtestsrv), and the records it answers with. Names nobody set have the default address. */
import { Resolver } from "node:dns/promises";

export class DnsControl {
  /** UDP and TCP of 127.0.0.1. */
  readonly port: number;
  readonly #management: string;

  constructor(port: number, management: string) {
    this.port = port;
    this.#management = management;
  }

  a(host: string, ...addresses: string[]): Promise<void> {
    return this.#post("add-a", { host, addresses });
  }

  aaaa(host: string, ...addresses: string[]): Promise<void> {
    return this.#post("add-aaaa", { host, addresses });
  }

  caa(host: string, ...policies: { readonly tag: string; readonly value: string }[]): Promise<void> {
    return this.#post("add-caa", { host, policies });
  }

  /** One more value. */
  txt(host: string, value: string): Promise<void> {
    return this.#post("set-txt", { host: dotted(host), value });
  }

  cname(host: string, target: string): Promise<void> {
    return this.#post("set-cname", { host, target });
  }

  /** Every question about the name is answered with SERVFAIL. */
  servfail(host: string): Promise<void> {
    return this.#post("set-servfail", { host });
  }

  /** Takes away what was set for the name. */
  async clear(host: string): Promise<void> {
    for (const kind of ["a", "aaaa", "caa", "cname", "servfail"]) await this.#post(`clear-${kind}`, { host });
    await this.#post("clear-txt", { host: dotted(host) });
  }

  /** The address of names nobody set; an empty text: they have none. 127.0.0.1 at first. */
  defaultAddress(ip: string): Promise<void> {
    return this.#post("set-default-ipv4", { ip });
  }

  /** Asks as the CA does. */
  resolver(): Resolver {
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${this.port}`]);
    return resolver;
  }

  // Private

  async #post(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.#management}/${path}`, { method: "POST", body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`pebble-challtestsrv answered ${path} with ${response.status}: ${text}`);
  }
}

// Private

function dotted(host: string): string {
  return host.endsWith(".") ? host : `${host}.`;
}
