/** REST answers of certificates, in the earlier systems' names of fields. Times are unix milliseconds. */

export const CERTIFICATE_STATUSES = ["pending", "issuing", "active", "renewing", "renewal_failed", "failed", "expired"] as const;
/**
 * `pending`: nothing was tried yet; `failed`: the last attempt failed and there is none; `renewing` and `renewal_failed`: the one there is serves on.
 */
export type CertificateStatusName = (typeof CERTIFICATE_STATUSES)[number];

export const CERTIFICATE_STAGES = ["preflight", "account", "order", "challenge", "validation", "finalize", "download", "store"] as const;
export type CertificateStage = (typeof CERTIFICATE_STAGES)[number];

export const CHALLENGES = ["auto", "http-01", "tls-alpn-01", "dns-01"] as const;
export const KEY_TYPES = ["ec-p256", "ec-p384", "rsa-2048", "rsa-4096"] as const;

/** RFC 5280 §5.3.1; those a subscriber may give (Baseline Requirements §7.2.2). */
export const REVOCATION_REASONS = { unspecified: 0, keyCompromise: 1, superseded: 4, cessationOfOperation: 5 } as const;

/** What is wanted of a CA. */
export interface CertificateWish {
  readonly domains: readonly string[];
  readonly email: string | null;
  readonly challenge: (typeof CHALLENGES)[number];
  readonly staging: boolean;
  /** Null: the configured ones, in turn. */
  readonly directory_url: string | null;
  readonly key_type: (typeof KEY_TYPES)[number];
  readonly preferred_chain: string | null;
  readonly profile: string | null;
  /** A renewal somebody asked for, until it is done. */
  readonly renew_asked_at: number | null;
}

/** Why the last attempt failed. */
export interface CertificateProblem {
  readonly at: number;
  readonly stage: CertificateStage;
  /** Directory of the CA; null: it did not come so far. */
  readonly ca: string | null;
  readonly code: string;
  /** As `urn:ietf:params:acme:error:rateLimited`; null where it is none of the CA's. */
  readonly type: string | null;
  readonly status: number | null;
  readonly detail: string;
  readonly subproblems: readonly { readonly domain: string | null; readonly type: string; readonly detail: string }[];
  /** What the CA asked to wait for. */
  readonly not_before: number | null;
}

/** How far it is. */
export interface CertificateProgress {
  readonly status: CertificateStatusName;
  /** While a CA is asked. */
  readonly stage: CertificateStage | null;
  /** Failed since the last success. */
  readonly attempts: number;
  /** Of the attempt that runs, or ran last. */
  readonly began_at: number | null;
  readonly ended_at: number | null;
  /** When it is ordered next, as things are; null: it is being ordered, or nobody will. */
  readonly next_attempt_at: number | null;
  readonly last_problem: CertificateProblem | null;
  /** Of the last attempt. */
  readonly trace_id: string | null;
}

/** The key is never shown. What is of the certificate itself is null while there is none. */
export interface CertificateAnswer extends CertificateProgress {
  readonly cert_name: string;
  /** Of the certificate; where there is none, those that are wanted. */
  readonly domains: readonly string[];
  readonly issued_at: number | null;
  readonly expires_at: number | null;
  readonly subject: string | null;
  readonly issuer: string | null;
  /** `sha256:` and hex. */
  readonly fingerprint: string | null;
  readonly serial: string | null;
  readonly key_type: string | null;
  readonly fullchain_pem: string | null;
  /** `acme`: of a CA that is asked. */
  readonly origin: "uploaded" | "local" | "acme";
  /** Of a staging server, which browsers do not trust; where there is none yet: to be. */
  readonly staging: boolean;
  /** Contact of the account it is asked for with. */
  readonly email: string | null;
  /** Which CA issued it, or is to; null: it was uploaded, or one of the configured ones will. */
  readonly acme_directory_url: string | null;
  /** Null: it was uploaded. */
  readonly request: CertificateWish | null;
  readonly owner: string;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export type CertificateRow = Omit<CertificateAnswer, "fullchain_pem">;

export interface CertificatesAnswer {
  readonly items: readonly CertificateRow[];
}

/** `GET /api/v1/certificates/{name}/status` */
export interface CertificateStatusAnswer extends CertificateProgress {
  readonly cert_name: string;
  /** As the earlier systems called it. */
  readonly generation: "in_progress" | "completed" | "failed";
  readonly message: string;
  readonly expires_at: number | null;
}

/** `GET /api/v1/certificates/{name}/explain` */
export interface CertificateExplanationAnswer {
  readonly cert_name: string;
  readonly state: "waiting" | "working" | "failing" | "due" | "valid" | "uploaded" | "expired";
  /** One sentence, for a person. */
  readonly summary: string;
  readonly window: { readonly start: number; readonly end: number; readonly why: RenewalWhy } | null;
  /** When it is due, and by which rule; null: never. */
  readonly chosen: { readonly at: number; readonly why: RenewalWhy } | null;
  readonly next_attempt_at: number | null;
  readonly next_ask: { readonly directory: string; readonly server: "production" | "staging" | "probe"; readonly challenge: string } | null;
  readonly last_problem: CertificateProblem | null;
  readonly attempts: number;
  /** What the limits of the CA leave, as counted here. */
  readonly budget: readonly {
    readonly bucket: string;
    readonly what: string;
    readonly used: number;
    readonly limit: number;
    readonly again_at: number | null;
  }[];
  readonly expires_at: number | null;
  /** Of its life, 0 to 1. */
  readonly share_left: number | null;
  readonly trace_id: string | null;
}

export const RENEWAL_WHYS = ["missing", "names", "asked", "ari", "share", "emergency"] as const;
export type RenewalWhy = (typeof RENEWAL_WHYS)[number];

/** `POST /api/v1/certificates/preflight` */
export interface PreflightAnswer {
  /** Nothing stands in the way. */
  readonly ready: boolean;
  readonly findings: readonly {
    readonly domain: string;
    readonly check: string;
    readonly ok: boolean;
    readonly severity: "error" | "warning";
    readonly message: string;
    readonly hint: string;
  }[];
}
