/**
 * What a worker served by last, on disk (`edge-snapshot.json`, 0600), from which it serves when it starts while Redis is away. Written whole or
 * not at all, checked by a hash, and read only for the namespace it was written for. Of secrets it holds hashes of tokens and passwords, and private keys
 * as they are sealed in the store.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isLater, MIRRORED, NOTHING, type Known, type Mirrored } from "./config/known.ts";
import type { Places } from "./places.ts";

export interface Saved {
  readonly version: number;
  readonly places: Places;
  readonly known: Known;
}

interface Content {
  readonly namespace: string;
  readonly version: number;
  readonly places: readonly (readonly [string, string])[];
  readonly position: string;
  readonly entities: Readonly<Record<string, readonly Mirrored[]>>;
}

export class Snapshot {
  readonly #path: string;
  readonly #namespace: string;

  constructor(folder: string, namespace: string) {
    this.#path = join(folder, "edge-snapshot.json");
    this.#namespace = namespace;
  }

  /** Null where there is none of this namespace, or a damaged one. */
  async read(): Promise<Saved | null> {
    try {
      const { hash, ...content } = JSON.parse(await readFile(this.#path, "utf8")) as Content & { hash: string };
      if (hash !== hashOf(content) || content.namespace !== this.#namespace) return null;
      return { version: content.version, places: new Map(content.places), known: knownOf(content) };
    } catch {
      return null;
    }
  }

  /** All workers of this machine write the same file; what is older does not replace what is newer, unless it is of a new store (`anew`). */
  async write({ version, places, known }: Saved, anew = false): Promise<void> {
    const before = anew ? null : await this.read();
    if (before !== null && before.version >= version && !isLater(known.position, before.known.position)) return;
    const entities = Object.fromEntries(MIRRORED.map((kind) => [kind, [...known.entities[kind].values()]]));
    const content: Content = { namespace: this.#namespace, version, places: [...places], position: known.position, entities };
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

function hashOf({ namespace, version, places, position, entities }: Content): string {
  return createHash("sha256")
    .update(JSON.stringify([namespace, version, places, position, entities]))
    .digest("hex");
}

function knownOf({ position, entities }: Content): Known {
  const tables = MIRRORED.map((kind) => [kind, new Map((entities[kind] ?? []).map((entity) => [entity.name, entity]))] as const);
  return { position, entities: { ...NOTHING.entities, ...Object.fromEntries(tables) } };
}
