/**
 * Which certificate each name is shown: those of the store, and for development names one of the local authority. `apply` swaps them all at once;
 * connections that stand are not touched, and certificates that did not change keep their contexts.
 */
import type { TLSSocket } from "node:tls";
import { keyPlace, type CertificateData } from "../../certificates/spec.ts";
import type { Vault } from "../../store/vault.ts";
import { CertificateFront } from "./certificate-front.ts";
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

  /** Answers what could not be taken over; everything else serves. */
  apply(entries: readonly CertificateEntry[], vault: Vault, { pins, local }: Applied = {}): string[] {
    const troubles: string[] = [];
    const named: NamedCertificate<CertificateFront>[] = [];
    for (const entry of entries) {
      try {
        named.push(this.#open(entry, vault));
      } catch (error) {
        troubles.push(`certificate ${entry.name}: ${error instanceof Error ? error.message : String(error)}`);
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

  // Private

  #open({ name, data }: CertificateEntry, vault: Vault): NamedCertificate<CertificateFront> {
    const { domains, fingerprint, chain, not_after: notAfter } = data;
    // Imported ones were not checked as uploaded ones are.
    if (!Array.isArray(domains) || !domains.every((one) => typeof one === "string")) throw new Error("it has no list of domains");
    const known = this.#fronts.get(fingerprint);
    const value = known ?? this.#front({ fingerprint, chain, key: vault.open(data.key, keyPlace(name)) });
    return { name, domains, notAfter, value };
  }

  #front(certificate: { readonly fingerprint: string; readonly chain: string; readonly key: string }): CertificateFront {
    const { fingerprint, chain, key } = certificate;
    return new CertificateFront({
      fingerprint,
      chain,
      key,
      ticketKey: () => this.#ticketKey,
      onSecure: (socket) => (this.ends === null ? socket.destroy() : this.ends.secure(socket)),
      onFailure: (error, socket) => this.ends?.failed(error, socket),
    });
  }

  #rekey(key: Buffer): void {
    this.#ticketKey = key;
    for (const front of this.#fronts.values()) front.rekey(key);
    for (const front of this.#localFronts) front.rekey(key);
  }
}
