/**
 * A supervised connection for keys of somebody else's, on the same server: a program's own state beside the streams, with scripts of
 * its own. Nothing is queued while it is down, nothing is re-sent by itself. `redis/own-store.ts` keeps the promise.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** What Redis answered. */
export type Reply = string | number | null | Buffer | Reply[];

export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A script from its `.lua` file, or from its text. */
export function defineScript(source: URL | string): Script {
  const text = typeof source === "string" ? source : readFileSync(source, "utf8");
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

export interface Store {
  readonly up: boolean;
  /** Sends one command now or fails at once. May block for up to 2,000 ms (`XREAD BLOCK`): use a store of its own for that. */
  call(args: string[]): Promise<Reply>;
  /** Like `call`, for what may be done twice: waits a moment for a connection that is being rebuilt, asks again when one was lost. */
  ask(args: string[]): Promise<Reply>;
  /** Sent once: after a lost answer only the script's own fence tells whether it ran. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply>;
  /** Resolves when up, rejects after `limit` ms. */
  whenUp(limit: number): Promise<void>;
  close(): void;
}
