/**
 * Random secrets and their digests. Only digests are kept or compared, always at full length,
 * so neither a file nor a comparison's time tells anything about a secret.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 bits: nobody guesses it, so no password hashing is needed. */
export function newSecret(prefix = ""): string {
  return prefix + randomBytes(32).toString("base64url");
}

export function digest(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

export function sameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === 32 && b.length === 32 && timingSafeEqual(a, b);
}
