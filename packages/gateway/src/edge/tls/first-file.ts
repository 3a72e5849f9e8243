/** A file several workers make at once: the first one stays, and all read that. Readable for its owner only, whole or not there at all. */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** `good`: whether what is there can be used; otherwise it is replaced. */
export async function firstFile(path: string, make: () => Promise<Buffer>, good: (content: Buffer) => boolean): Promise<Buffer> {
  const found = await readGood(path, good);
  if (found !== null) return found;
  await keep(path, await make(), good);
  const kept = await readGood(path, good);
  if (kept === null) throw new Error(`${path} cannot be read back`);
  return kept;
}

// Private

async function readGood(path: string, good: (content: Buffer) => boolean): Promise<Buffer | null> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return content !== null && good(content) ? content : null;
}

async function keep(path: string, content: Buffer, good: (content: Buffer) => boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(draft, content, { mode: 0o600 });
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if ((await readGood(path, good)) === null) await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
