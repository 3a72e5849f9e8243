/** How far a certificate is: what is under way, what went wrong last, when it is tried again. One JSON text per name; written under its lease only. */
import type { Sealed } from "../../store/entity.ts";

/** An order the CA knows: whoever takes over after a crash goes on with it instead of spending another. */
export interface OrderUnderWay {
  readonly url: string;
  /** Directory of the CA. */
  readonly ca: string;
  readonly staging: boolean;
  /** Key of the certificate to come, PKCS #8 PEM, sealed at `orderKeyPlace(name)`. */
  readonly key: Sealed;
  readonly domains: readonly string[];
  /** By what the ledger knows it. */
  readonly entry: string;
  /** Unix ms. */
  readonly began_at: number;
}

export type Stage = "preflight" | "account" | "order" | "challenge" | "validation" | "finalize" | "download" | "store";

export interface LastProblem {
  /** Unix ms. */
  readonly at: number;
  readonly stage: Stage;
  /** Directory of the CA; null: it did not come so far. */
  readonly ca: string | null;
  /** A code of `GatewayError`. */
  readonly code: string;
  /** As `urn:ietf:params:acme:error:rateLimited`; null where it is none of the CA's. */
  readonly type: string | null;
  /** Status of the CA's answer. */
  readonly status: number | null;
  readonly detail: string;
  /** Per name, where the CA said so (RFC 8555 §6.7.1). */
  readonly subproblems: readonly { readonly domain: string | null; readonly type: string; readonly detail: string }[];
  /** `Retry-After` of the CA as Unix ms. */
  readonly not_before: number | null;
}

/** RFC 9773. Times are Unix ms. */
export interface RenewalInfo {
  /** Of which certificate: SHA-256 of the leaf, hex. */
  readonly fingerprint: string;
  readonly start: number;
  readonly end: number;
  /** Drawn evenly from the window; stays as long as the window does. */
  readonly chosen: number;
  readonly explanation_url: string | null;
  readonly fetched_at: number;
  /** Not asked again before. */
  readonly again_at: number;
}

export interface Progress {
  /** Failed attempts since the last success. */
  readonly attempt: number;
  /** Not tried before; null: as soon as it is due. Unix ms. */
  readonly next_at: number | null;
  /** Of the attempt that runs, or ran last. Unix ms. */
  readonly began_at: number | null;
  readonly ended_at: number | null;
  readonly working: boolean;
  /** Who works, or worked last. */
  readonly instance: string | null;
  readonly stage: Stage | null;
  readonly order: OrderUnderWay | null;
  readonly last_problem: LastProblem | null;
  /** When the staging server issued the names after production had failed: then production may be asked once more. Unix ms. */
  readonly probed_at: number | null;
  readonly ari: RenewalInfo | null;
  /** The CA is not asked for renewal information before; null: it was not asked yet for this certificate. Unix ms. */
  readonly ari_again_at: number | null;
  /** Steps of `certificate_expiring_soon` that were told for this certificate, as shares of life left. */
  readonly told: readonly number[];
  /** Trace of the last attempt. */
  readonly trace: string | null;
}

export const FRESH: Progress = {
  attempt: 0,
  next_at: null,
  began_at: null,
  ended_at: null,
  working: false,
  instance: null,
  stage: null,
  order: null,
  last_problem: null,
  probed_at: null,
  ari: null,
  ari_again_at: null,
  told: [],
  trace: null,
};

/** Where the vault has the key of a certificate that is not issued yet. */
export function orderKeyPlace(name: string): string {
  return `certificate/${name}/order-key`;
}
