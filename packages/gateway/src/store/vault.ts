/**
 * Encrypts secrets before they reach Redis: AES-256-GCM, 96-bit random nonces, what it belongs to as additional data, so that a sealed value
 * moved elsewhere does not open.
 */
import type { Sealed } from "./entity.ts";

export interface Vault {
  /** `place` as `service/web/environment/PASSWORD`; needed again to open. */
  seal(text: string, place: string): Sealed;
  /** ENCRYPTION_KEY_WRONG: another key, another place, or damaged. */
  open(sealed: Sealed, place: string): string;
}
