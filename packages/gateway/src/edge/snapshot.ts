/**
 * The last good table on disk (`edge-snapshot.json`, 0600), from which a worker serves when it starts while Redis is away. Written whole or
 * not at all, checked by a hash, and read only for the namespace it was written for. Of secrets it holds hashes of tokens.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Places } from "./places.ts";

export interface SavedTable {
  readonly version: number;
  readonly places: Places;
}

interface Content {
  readonly namespace: string;
  readonly version: number;
  readonly places: readonly (readonly [string, string])[];
}

export class Snapshot {
  readonly #path: string;
  readonly #namespace: string;

  constructor(folder: string, namespace: string) {
    this.#path = join(folder, "edge-snapshot.json");
    this.#namespace = namespace;
  }

  /** Null where there is none of this namespace, or a damaged one. */
  async read(): Promise<SavedTable | null> {
    try {
      const { hash, ...content } = JSON.parse(await readFile(this.#path, "utf8")) as Content & { hash: string };
      if (hash !== hashOf(content) || content.namespace !== this.#namespace) return null;
      return { version: content.version, places: new Map(content.places) };
    } catch {
      return null;
    }
  }

  /** All workers of this machine write the same file; an older table does not replace a newer one. */
  async write({ version, places }: SavedTable): Promise<void> {
    if (((await this.read())?.version ?? -1) >= version) return;
    const content: Content = { namespace: this.#namespace, version, places: [...places] };
    const draft = `${this.#path}.${randomBytes(4).toString("hex")}.tmp`;
    try {
      await writeFile(draft, `${JSON.stringify({ hash: hashOf(content), ...content })}\n`, { mode: 0o600, flush: true });
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

// Private

function hashOf({ namespace, version, places }: Content): string {
  return createHash("sha256")
    .update(JSON.stringify([namespace, version, places]))
    .digest("hex");
}
