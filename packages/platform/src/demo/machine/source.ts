/**
 * Reads the machine's own files. A file that is missing or closed to us is an answer (null), not a failure:
 * containers, macOS and unprivileged users show less.
 */
import { readFile } from "node:fs/promises";

const UNAVAILABLE = new Set(["ENOENT", "EACCES", "EPERM", "ESRCH", "ENOTDIR", "EINVAL"]);

export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && UNAVAILABLE.has((error as NodeJS.ErrnoException).code ?? "");
}
