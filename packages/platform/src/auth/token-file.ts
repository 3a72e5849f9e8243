/**
 * `<folder>/tokens.json`: hashes only, readable by the owner only, replaced in one step so that a crash never leaves half a file.
 * `<folder>/admin-token`: the generated token itself, for the CLI on this machine.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { TidegateError } from "@tidegate/streams";

export interface StoredToken {
  id: string;
  /** SHA-256, hex. */
  hash: string;
  /** Unix milliseconds. */
  created_at: number;
  /** `environment`: it came from ADMIN_TOKEN and is good only as long as that is set. */
  source: "generated" | "environment";
}

/** Null before the first run. */
export async function readTokens(folder: string): Promise<StoredToken[] | null> {
  const path = join(folder, "tokens.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : parseTokens(text, path);
}

export async function writeTokens(folder: string, tokens: readonly StoredToken[]): Promise<void> {
  await writeSecretFile(folder, "tokens.json", `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`);
}

export async function writeAdminToken(folder: string, token: string): Promise<void> {
  await writeSecretFile(folder, "admin-token", `${token}\n`);
}

export async function removeAdminToken(folder: string): Promise<void> {
  await rm(join(folder, "admin-token"), { force: true });
}

// Private

function parseTokens(text: string, path: string): StoredToken[] {
  try {
    const { tokens } = JSON.parse(text) as { tokens: StoredToken[] };
    if (tokens.every(isToken)) return tokens;
  } catch {
    // Not JSON, or of another shape: the same advice helps.
  }
  throw new TidegateError("INVALID_CONFIG", `${path} is not a list of tokens.`, {
    hint: `Remove it and start again: rm ${path}. A new admin token is made and shown once.`,
  });
}

function isToken(token: Partial<StoredToken>): boolean {
  return typeof token.id === "string" && typeof token.hash === "string" && /^[0-9a-f]{64}$/.test(token.hash);
}

async function writeSecretFile(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${name}.${randomUUID()}`);
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, name));
}
