/**
 * Which certificate each name is shown: those of the store, and for development names one of the local authority. `apply` swaps them all at once;
 * connections that stand are not touched, and certificates that did not change keep their contexts.
 */
import type { TLSSocket } from "node:tls";
import { ACME_TLS, alpnCertificate } from "../../certificates/challenges/alpn-certificate.ts";
import { keyPlace, type CertificateData } from "../../certificates/spec.ts";
import type { Vault } from "../../store/vault.ts";
import { CertificateFront, type CertificateFrontOptions } from "./certificate-front.ts";
import { CertificateNames, type NamedCertificate } from "./certificate-names.ts";
import { LocalAuthority } from "./local-authority.ts";
import { LocalFronts } from "./local-fronts.ts";
import { isLocalName } from "./server-name.ts";
import { TicketKeys } from "./ticket-keys.ts";

export interface CertificateEntry {
  readonly name: string;
  readonly data: CertificateData;
}

/** Where a handshake goes; one `HttpListeners` for each `TlsContexts`. Each socket that was admitted has one of the two, unless it is closed before. */
export interface TlsEnds {
  secure(socket: TLSSocket): void;
  failed(error: Error, socket: TLSSocket): void;
}

export interface TlsContextsOptions {
  readonly dataFolder: string;
  readonly onTrouble: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Key authorization of a host's tls-alpn-01 challenge; null, also later: there is none. Default: never one. */
  readonly proof?: (host: string) => Promise<string | null> | null;
}

export interface Applied {
  /** Host → name of the certificate it is to be shown, whatever that covers: the targets' `cert_name`. */
  readonly pins?: ReadonlyMap<string, string>;
  /** Which development names get a local certificate. Default all. */
  readonly local?: (host: string) => boolean;
}

export class TlsContexts {
  /** `null` while nobody listens. */
  ends: TlsEnds | null = null;
  readonly #options: TlsContextsOptions;
  readonly #tickets: TicketKeys;
  readonly #authority: LocalAuthority;
  readonly #localFronts: LocalFronts;
  #ticketKey: Buffer | null = null;
  #ticketTrouble = false;
  #names = new CertificateNames<CertificateFront>([]);
  /** Of the store, by fingerprint. */
  #fronts = new Map<string, CertificateFront>();
  #local: (host: string) => boolean = () => true;

  constructor(options: TlsContextsOptions) {
    this.#options = options;
    this.#tickets = new TicketKeys(options.dataFolder);
    this.#authority = new LocalAuthority(options.dataFolder);
    this.#localFronts = new LocalFronts(this.#authority, (leaf) => this.#front(leaf));
  }

  /** Before the first handshake; what the disk refuses is told, and TLS goes on without it. */
  async start(): Promise<void> {
    await Promise.all([
      this.tick(),
      this.#authority.open().catch((error: unknown) => this.#options.onTrouble("there are no local certificates", { error })),
    ]);
  }

  /** Now and then: takes over the ticket key of the day. */
  async tick(): Promise<void> {
    try {
      const key = await this.#tickets.due();
      if (key !== null) this.#rekey(key);
      this.#ticketTrouble = false;
    } catch (error) {
      if (!this.#ticketTrouble) this.#options.onTrouble("TLS tickets are not shared between workers", { error });
      this.#ticketTrouble = true;
    }
  }

  /** Answers what could not be taken over, and why; everything else serves. */
  apply(entries: readonly CertificateEntry[], vault: Vault, { pins, local }: Applied = {}): ReadonlyMap<string, string> {
    const troubles = new Map<string, string>();
    const named: NamedCertificate<CertificateFront>[] = [];
    for (const entry of entries) {
      try {
        named.push(this.#open(entry, vault));
      } catch (error) {
        troubles.set(entry.name, error instanceof Error ? error.message : String(error));
      }
    }
    this.#fronts = new Map(named.map(({ value }) => [value.fingerprint, value]));
    this.#names = new CertificateNames(named, pins);
    this.#local = local ?? (() => true);
    return troubles;
  }

  /** `name` in lower case, without trailing dot. Null: nothing is shown to it. Rejects where a local one cannot be made. */
  find(name: string): CertificateFront | Promise<CertificateFront> | null {
    const found = this.#names.find(name);
    if (found !== null) return found;
    return isLocalName(name) && this.#local(name) ? this.#localFronts.find(name) : null;
  }

  /** For a CA that asks for `acme-tls/1` (RFC 8737); null: it is expected nowhere. Made anew for each: there are a few for an order. */
  async prove(host: string): Promise<CertificateFront | null> {
    const keyAuthorization = (await this.#options.proof?.(host)) ?? null;
    if (keyAuthorization === null) return null;
    return this.#front(await alpnCertificate(host, keyAuthorization, Date.now()), { protocol: ACME_TLS, ticketKey: () => null });
  }

  // Private

  #open({ name, data }: CertificateEntry, vault: Vault): NamedCertificate<CertificateFront> {
    const { domains, fingerprint, chain, not_after: notAfter } = data;
    // Imported ones were not checked as uploaded ones are.
    if (!Array.isArray(domains) || !domains.every((one) => typeof one === "string")) throw new Error("it has no list of domains");
    const known = this.#fronts.get(fingerprint);
    const value = known ?? this.#front({ fingerprint, chain, key: vault.open(data.key, keyPlace(name)) });
    return { name, domains, notAfter, value };
  }

  #front(
    certificate: { readonly fingerprint: string; readonly chain: string; readonly key: string },
    some: Partial<CertificateFrontOptions> = {},
  ): CertificateFront {
    const { fingerprint, chain, key } = certificate;
    return new CertificateFront({
      fingerprint,
      chain,
      key,
      ticketKey: () => this.#ticketKey,
      onSecure: (socket) => (this.ends === null ? socket.destroy() : this.ends.secure(socket)),
      onFailure: (error, socket) => this.ends?.failed(error, socket),
      ...some,
    });
  }

  #rekey(key: Buffer): void {
    this.#ticketKey = key;
    for (const front of this.#fronts.values()) front.rekey(key);
    for (const front of this.#localFronts) front.rekey(key);
  }
}
