/** Shows a CA that we control a name. One per type of challenge. */
import type { ChallengeType } from "../request-spec.ts";

export interface Proof {
  /** Without `*.`. */
  readonly domain: string;
  readonly token: string;
  /** `<token>.<thumbprint of the account key>` (RFC 8555 §8.1). */
  readonly keyAuthorization: string;
}

export interface Solver {
  readonly type: ChallengeType;
  /** Resolves when whoever asks gets the answer: the token can be read, the record is seen. CHALLENGE_FAILED says what stands in the way. */
  present(proof: Proof, signal: AbortSignal): Promise<void>;
  /** Takes it away again; never rejects. */
  clean(proof: Proof): Promise<void>;
}
