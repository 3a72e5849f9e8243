/**
 * The key that encrypts secrets: from TIDEGATE_ENCRYPTION_KEY, else made on the first run and kept in the data folder. What encrypts, and the id by which
 * a key is recognised, are both derived from it; neither tells anything of it.
 */
import { hkdfSync, randomBytes, scryptSync } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { GatewayError } from "../errors.ts";

export interface EncryptionKey {
  /** For AES-256. */
  readonly bytes: Buffer;
  /** 12 characters of base64url. */
  readonly id: string;
}

const FILE = "encryption-key";
const LENGTH = 32;
/** Of a text: shorter ones, or of fewer different characters, are guessed. */
const LEAST = 16;
const LEAST_DIFFERENT = 6;

export function encryptionKey(given: string | null, dataFolder: string): EncryptionKey {
  return given === null ? derive(kept(join(dataFolder, FILE), dataFolder)) : derive(decode(given) ?? stretch(given));
}

// Private

function derive(master: Buffer): EncryptionKey {
  const part = (info: string, length: number): Buffer => Buffer.from(hkdfSync("sha256", master, "", `tidegate ${info} v1`, length));
  return { bytes: part("secrets", LENGTH), id: part("key id", 9).toString("base64url") };
}

/** 32 bytes as hex, base64 or base64url; null: some other text. */
function decode(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : null;
}

function stretch(text: string): Buffer {
  if (text.length >= LEAST && new Set(text).size >= LEAST_DIFFERENT) {
    return scryptSync(text, "tidegate encryption key v1", LENGTH, { N: 32_768, r: 8, p: 1, maxmem: 64 << 20 });
  }
  throw new GatewayError("ENCRYPTION_KEY_INVALID", `TIDEGATE_ENCRYPTION_KEY is too weak: it has ${text.length} characters.`, {
    hint: `Give 32 random bytes as base64 or hex (openssl rand -base64 32), or a text of at least ${LEAST} characters with ${LEAST_DIFFERENT} different ones.`,
  });
}

/** The key in the file; made where there is none. Of several processes that make one, one wins and all have the same. */
function kept(path: string, folder: string): Buffer {
  const found = read(path) ?? (make(path, folder), read(path));
  const key = found === null ? null : decode(found);
  if (key !== null) return key;
  throw new GatewayError("ENCRYPTION_KEY_INVALID", `${path} does not hold an encryption key.`, {
    hint: "Put the file back from a backup. Only without one: remove it, and enter all secrets anew.",
  });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw broken(path, error);
  }
}

/** Written whole and on the disk before it has its name: a key that is lost after it was used takes all secrets with it. */
function make(path: string, folder: string): void {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(folder, { recursive: true });
    const file = openSync(draft, "wx", 0o600);
    writeSync(file, `${randomBytes(LENGTH).toString("base64")}\n`);
    fsyncSync(file);
    closeSync(file);
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw broken(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

function broken(path: string, cause: unknown): GatewayError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError("ENCRYPTION_KEY_INVALID", `The encryption key cannot be kept in ${path}: ${why}`, {
    cause,
    hint: "Make the data folder writable, or set TIDEGATE_ENCRYPTION_KEY.",
  });
}
