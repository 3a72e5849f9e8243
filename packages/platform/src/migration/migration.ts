/**
 * One topic on its way from an earlier system, step by step and back again:
 *   off     nothing is copied
 *   shadow  the old system is in charge; everything written there is copied here, so that consumers can be tried and compared
 *   live    Tidegate is in charge; what is published here is copied back, so that the old system misses nothing
 * off → shadow → live → off, and live → shadow to roll back: what either side has missed it then has. The mode is a flag in Redis, changed
 * while the copying runs.
 */
import { isDeepStrictEqual } from "node:util";
import type { Store } from "@tidegate/streams";
import type { Copy, Place } from "./place.ts";

export const MODES = ["off", "shadow", "live"] as const;
export type Mode = (typeof MODES)[number];

export interface MigrationOptions {
  readonly old: Place;
  readonly ours: Place;
  /** Where the flag is. */
  readonly store: Store;
  readonly namespace: string;
  readonly topic: string;
}

export interface Compared {
  /** Messages that both sides should have. */
  compared: number;
  /** Origins that are not there, or are other than they should be; the first hundred of each. */
  missing: string[];
  different: string[];
}

const BATCH = 500;
const SHOWN = 100;

export class Migration {
  readonly #options: MigrationOptions;
  readonly #key: string;

  constructor(options: MigrationOptions) {
    this.#options = options;
    this.#key = migrationKey(options.namespace, options.topic);
  }

  /** Remembers where both sides stand, once. From then on what is written on either side belongs to the migration. */
  async begin(since: "beginning" | "now"): Promise<void> {
    const { old, ours, store } = this.#options;
    const [theirs, own] = await Promise.all([since === "now" ? old.end() : "", ours.end()]);
    for (const [field, value] of Object.entries({ since_old: theirs, since_ours: own, from: old.name, started_at: String(Date.now()) }))
      await store.ask(["HSETNX", this.#key, field, value]);
  }

  /** Copies what is due in the present mode; answers how many went each way. */
  async step(): Promise<{ mode: Mode; forth: number; back: number }> {
    const { old, ours } = this.#options;
    const { mode, sinceOld, sinceOurs } = await this.state();
    const forth = mode === "off" ? 0 : await copy(old, ours, sinceOld);
    const back = mode === "live" ? await copy(ours, old, sinceOurs) : 0;
    return { mode, forth, back };
  }

  async state(): Promise<{ mode: Mode; sinceOld: string; sinceOurs: string }> {
    const reply = await this.#options.store.ask(["HMGET", this.#key, "mode", "since_old", "since_ours"]);
    const [mode, sinceOld, sinceOurs] = Array.isArray(reply) ? reply : [];
    return { mode: MODES.find((one) => one === mode) ?? "shadow", sinceOld: String(sinceOld ?? ""), sinceOurs: String(sinceOurs ?? "") };
  }

  /** Everything that was copied, compared on both sides. */
  async compare(): Promise<Compared> {
    const { old, ours } = this.#options;
    const { sinceOld, sinceOurs } = await this.state();
    const found: Compared = { compared: 0, missing: [], different: [] };
    await compareOneWay(old, ours, sinceOld, found);
    await compareOneWay(ours, old, sinceOurs, found);
    return found;
  }
}

export async function setMode(store: Store, namespace: string, topic: string, mode: Mode): Promise<void> {
  await store.ask(["HSET", migrationKey(namespace, topic), "mode", mode]);
}

/** hash mode, since_old, since_ours, from, started_at; no TTL; owner: `tidegate migrate`. */
export function migrationKey(namespace: string, topic: string): string {
  return `${namespace}:${topic}:migration`;
}

// Private

async function copy(from: Place, to: Place, start: string): Promise<number> {
  const before = await to.copied();
  const cursor = before ?? start;
  const batch = await from.after(cursor, BATCH);
  if (batch.cursor === cursor) return 0;
  return (await to.take(batch.copies, before, batch.cursor)) ? batch.copies.length : 0;
}

/** Up to where it was copied, not to the end: what is still on its way is not missing. */
async function compareOneWay(from: Place, to: Place, start: string, found: Compared): Promise<void> {
  const until = await to.copied();
  if (until === null) return;
  for (let cursor = start; cursor !== until;) {
    const batch = await from.after(cursor, BATCH);
    if (batch.cursor === cursor) return;
    cursor = batch.cursor;
    judge(batch.copies, await to.lookUp(batch.copies), found);
    if (isBeyond(cursor, until)) return;
  }
}

function judge(copies: readonly Copy[], there: Awaited<ReturnType<Place["lookUp"]>>, found: Compared): void {
  for (const [at, wanted] of copies.entries()) {
    const got = there[at] ?? null;
    found.compared++;
    const wrong = got === null ? found.missing : got.type === wanted.type && sameJson(got.data, wanted.data) ? null : found.different;
    if (wrong !== null && wrong.length < SHOWN) wrong.push(wanted.origin);
  }
}

function isBeyond(cursor: string, until: string): boolean {
  const parts = until.split(" ");
  return cursor.split(" ").every((id, at) => compareIds(id, parts[at] ?? "0-0") >= 0);
}

function compareIds(a: string, b: string): number {
  const [am = 0, as = 0] = a.split("-").map(Number);
  const [bm = 0, bs = 0] = b.split("-").map(Number);
  return am - bm || as - bs;
}

function sameJson(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
  } catch {
    return false;
  }
}
