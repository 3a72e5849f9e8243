/** `scrypt$N$r$p$salt$hash`. The parameters are bounded: whoever may store a hash could otherwise make one check take all memory. */
import { scrypt, timingSafeEqual } from "node:crypto";

export interface PasswordHash {
  /** As it was stored: names this hash in caches. */
  readonly text: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const MOST_MEMORY = 128 * 1024 * 1024;

/** Null: it is none, and matches no password. */
export function parseHash(text: string): PasswordHash | null {
  const parts = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{11,171})\$([A-Za-z0-9_-]{22,86})$/.exec(text);
  if (parts === null) return null;
  const [N = 0, r = 0, p = 0] = parts.slice(1, 4).map(Number);
  const isSound = N >= 2 && Number.isInteger(Math.log2(N)) && r >= 1 && p >= 1 && p <= 16 && 128 * N * r <= MOST_MEMORY;
  if (!isSound) return null;
  return { text, N, r, p, salt: Buffer.from(parts[4] ?? "", "base64url"), hash: Buffer.from(parts[5] ?? "", "base64url") };
}

/** In a thread; as long as the hash says. */
export function matches(password: string, { N, r, p, salt, hash }: PasswordHash): Promise<boolean> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, hash.length, { N, r, p, maxmem: 2 * MOST_MEMORY }, (error, derived) => {
      if (error === null) resolve(timingSafeEqual(derived, hash));
      else reject(error);
    });
  });
}
