/** `data` of a `certificate` entity. Its name is what targets call it by (`cert_name`). */
import type { Sealed } from "../store/entity.ts";

const CERTIFICATE_ORIGINS = ["uploaded", "local", "acme"] as const;

/** Who issued it, and on whose account: needed to replace (RFC 9773 §5) and to revoke it. */
export interface IssuedBy {
  /** Directory of the CA. */
  readonly ca: string;
  readonly staging: boolean;
  /** Contact of the account; null: none. */
  readonly email: string | null;
  /** Of the lease it was written under; grows with every holder. */
  readonly fence: number;
  /** Unix ms. */
  readonly issued_at: number;
}

export interface CertificateData {
  /** `app.example`, `*.app.example`; lower case, punycode. */
  readonly domains: readonly string[];
  /** PEM, the leaf first, each signed by the next. */
  readonly chain: string;
  /** PKCS #8 PEM, sealed at `keyPlace(name)`. */
  readonly key: Sealed;
  /** Unix ms, of the leaf. */
  readonly not_before: number;
  readonly not_after: number;
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the leaf, hex, lower case. */
  readonly fingerprint: string;
  /** Hex. */
  readonly serial: string;
  /** `RSA 2048`, `EC P-256`, `Ed25519` */
  readonly key_type: string;
  readonly origin: (typeof CERTIFICATE_ORIGINS)[number];
  readonly owner: string;
  /** Only where a CA issued it for us. */
  readonly acme?: IssuedBy;
}

/** Where the vault has the key of a certificate. */
export function keyPlace(name: string): string {
  return `certificate/${name}/key`;
}
