/** Local certificates this worker has shown, each made or read at the first handshake for its name, and renewed before its end. */
import type { CertificateFront } from "./certificate-front.ts";
import { RENEW_BEFORE, type LocalAuthority, type LocalLeaf } from "./local-authority.ts";

/** Who asks for ever new names must not fill memory and disk. */
const MOST = 1_000;

interface Shown {
  readonly front: CertificateFront;
  /** Unix ms. */
  readonly renewAt: number;
}

export class LocalFronts {
  readonly #authority: LocalAuthority;
  readonly #open: (leaf: LocalLeaf) => CertificateFront;
  readonly #shown = new Map<string, Shown>();
  readonly #making = new Map<string, Promise<CertificateFront>>();

  constructor(authority: LocalAuthority, open: (leaf: LocalLeaf) => CertificateFront) {
    this.#authority = authority;
    this.#open = open;
  }

  find(host: string): CertificateFront | Promise<CertificateFront> | null {
    const shown = this.#shown.get(host);
    if (shown !== undefined && shown.renewAt > Date.now()) return shown.front;
    if (shown === undefined && this.#shown.size + this.#making.size >= MOST) return null;
    const making = this.#making.get(host) ?? this.#make(host);
    // One that is still good for a month serves while no new one can be made.
    return shown === undefined ? making : making.catch(() => shown.front);
  }

  *[Symbol.iterator](): Iterator<CertificateFront> {
    for (const { front } of this.#shown.values()) yield front;
  }

  // Private

  #make(host: string): Promise<CertificateFront> {
    const making = this.#authority
      .leaf(host)
      .then((leaf) => {
        const front = this.#open(leaf);
        this.#shown.set(host, { front, renewAt: leaf.notAfter - RENEW_BEFORE });
        return front;
      })
      .finally(() => this.#making.delete(host));
    this.#making.set(host, making);
    return making;
  }
}
