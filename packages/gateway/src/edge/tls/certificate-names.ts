/** Which certificate a name gets: first by the name itself, then by a wildcard for its last label but one. Immutable. */
export interface NamedCertificate<T> {
  readonly name: string;
  readonly domains: readonly string[];
  /** Unix ms. */
  readonly notAfter: number;
  readonly value: T;
}

export class CertificateNames<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcard = new Map<string, T>();

  /** Of several for the same name the one that is good for longest counts, then the first by name. `pins`: host → certificate, whatever that covers. */
  constructor(certificates: readonly NamedCertificate<T>[], pins: ReadonlyMap<string, string> = new Map()) {
    const best = certificates.toSorted((a, b) => b.notAfter - a.notAfter || (a.name < b.name ? -1 : 1));
    for (const [host, name] of pins) {
      const pinned = best.find((one) => one.name === name);
      if (pinned !== undefined) this.#put(host, pinned.value);
    }
    for (const { domains, value } of best) for (const domain of domains) this.#put(domain.toLowerCase(), value);
  }

  /** `name` in lower case, without trailing dot. */
  find(name: string): T | null {
    const dot = name.indexOf(".");
    return this.#exact.get(name) ?? (dot < 0 ? null : (this.#wildcard.get(name.slice(dot + 1)) ?? null));
  }

  // Private

  #put(domain: string, value: T): void {
    const [map, key] = domain.startsWith("*.") ? [this.#wildcard, domain.slice(2)] : [this.#exact, domain];
    if (!map.has(key)) map.set(key, value);
  }
}
