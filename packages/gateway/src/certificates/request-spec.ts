/**
 * `data` of a `certificate_request` entity: what somebody wants a certificate for. The certificate of the same name is what came of it; how far it is
 * stands in its `Progress`. A certificate without a request was uploaded.
 */

export const CHALLENGES = ["http-01", "tls-alpn-01", "dns-01"] as const;
export type ChallengeType = (typeof CHALLENGES)[number];

export interface CertificateRequest {
  /** 1 to 100; lower case, punycode, in the order they were given; the first is the subject. */
  readonly domains: readonly string[];
  /** Contact of the CA's account; null: an account without contact. */
  readonly email: string | null;
  /** `auto`: dns-01 where a wildcard is among them, else http-01, and tls-alpn-01 after a failure. */
  readonly challenge: ChallengeType | "auto";
  /** True: from the staging server of the CA, which browsers do not trust. */
  readonly staging: boolean;
  /** Directory of the CA asked instead of the configured ones; null: those, in turn. */
  readonly directory_url: string | null;
  readonly key_type: "ec-p256" | "ec-p384" | "rsa-2048" | "rsa-4096";
  /** CN of the root a chain should end at, where the CA offers several (RFC 8555 §7.4.2). */
  readonly preferred_chain: string | null;
  /** Profile of the CA, as `shortlived`; null: its default. */
  readonly profile: string | null;
  /** A renewal somebody asked for, whatever the plan says. Unix ms; done when the certificate was issued later. */
  readonly renew_asked_at: number | null;
  readonly owner: string;
}
