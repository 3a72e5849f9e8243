/**
 * Runs the Lua scripts beside this file. They are loaded on every new connection, so a call is one short EVALSHA;
 * a server that forgot them (SCRIPT FLUSH) is sent the text once more.
 * Server-side Lua: https://redis.io/docs/latest/develop/programmability/eval-intro/
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Link } from "./link.ts";
import type { Reply } from "../store.ts";
import { RedisFault } from "./replies.ts";

export const SCRIPT_NAMES = [
  "publish",
  "ensure-group",
  "ack",
  "retry",
  "dead-letter",
  "promote",
  "claim",
  "extend",
  "release",
  "seek",
  "trim",
  "remove-consumers",
  "group-names",
  "lane-ends",
  "remove-group",
  "release-group",
  "replay",
  "discard",
  "expire",
  "adopt",
  "announce",
  "start-job",
  "take-job",
  "end-job",
  "count-after",
  "lag",
  "waiting",
  "waits",
  "sign",
  "log-control",
  "trace-write",
  "trace-beat",
  "trace-interrupt",
  "record",
] as const;
export type ScriptName = (typeof SCRIPT_NAMES)[number];

export class Scripts {
  readonly #texts = new Map<ScriptName, { text: string; sha: string }>();

  constructor() {
    for (const name of SCRIPT_NAMES) {
      const text = read(name).replace(/--@([a-z-]+)/g, (_, part: string) => read(`${part}.part`));
      this.#texts.set(name, { text, sha: createHash("sha1").update(text).digest("hex") });
    }
  }

  /** Give it to `LinkOptions.prepare`. */
  async load(call: (args: string[]) => Promise<Reply>): Promise<void> {
    await Promise.all([...this.#texts.values()].map(({ text }) => call(["SCRIPT", "LOAD", text])));
  }

  async run(link: Pick<Link, "call">, name: ScriptName, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    const script = this.#texts.get(name);
    if (script === undefined) throw new Error(`no script ${name}`);
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await link.call(["EVALSHA", script.sha, ...rest]);
    } catch (error) {
      if (!(error instanceof RedisFault) || !error.message.includes("NOSCRIPT")) throw error;
      return await link.call(["EVAL", script.text, ...rest]);
    }
  }
}

function read(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), "utf8");
}
