/**
 * Basic passwords are kept as scrypt hashes: `scrypt$N$r$p$salt$hash`. N, r and p are those OWASP names beside N=2^17, r=8, p=1 for machines that
 * cannot spare 128 MiB for each guess: 16 MiB, five times over.
 */
import { randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";

/** RFC 7617 has no limit; a longer one only burdens whoever must compare it. */
export const LONGEST_PASSWORD = 256;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password.normalize("NFC"), salt, 32, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

export function isPasswordHash(text: string): boolean {
  return HASH.test(text);
}

// Private

const COST = { N: 16_384, r: 8, p: 5 };
const HASH = /^scrypt\$\d{1,7}\$\d{1,2}\$\d{1,2}\$[\w-]{16,}\$[\w-]{43,}$/;

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);
