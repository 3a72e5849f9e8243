/**
 * A BullMQ queue as a place. What was added is read from its event stream and the jobs' hashes; what comes from the other end is added by
 * BullMQ itself (the application has it), under the origin as job id, so that a repeat adds nothing.
 * Keys: https://docs.bullmq.io/guide/architecture and the queue's `events` stream https://docs.bullmq.io/guide/events
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Store } from "@tidegate/streams";
import { PlatformError } from "../errors.ts";
import { COPIED, type Batch, type Content, type Copy, type Place } from "./place.ts";

export interface BullPlaceOptions {
  readonly store: Store;
  readonly name: string;
  readonly url: string;
  readonly queue: string;
  /** BullMQ's `prefix`. */
  readonly prefix: string;
}

interface Adder {
  add(name: string, data: unknown, options: { jobId: string; priority?: number; timestamp: number }): Promise<unknown>;
  close(): Promise<void>;
}

export class BullPlace implements Place {
  readonly name: string;
  readonly #options: BullPlaceOptions;
  #adder: Adder | undefined;

  constructor(options: BullPlaceOptions) {
    this.#options = options;
    this.name = options.name;
  }

  async end(): Promise<string> {
    const reply = await this.#options.store.ask(["XREVRANGE", this.#key("events"), "+", "-", "COUNT", "1"]);
    return Array.isArray(reply) && Array.isArray(reply[0]) ? String(reply[0][0]) : "0-0";
  }

  async after(cursor: string, limit: number): Promise<Batch> {
    const reply = await this.#options.store.ask(["XRANGE", this.#key("events"), `(${cursor || "0-0"}`, "+", "COUNT", String(limit)]);
    const events = (Array.isArray(reply) ? reply : []) as [string, string[]][];
    const added = events.flatMap(([, fields]) => (valueOf(fields, "event") === "added" ? [valueOf(fields, "jobId") ?? ""] : []));
    const copies = (await Promise.all(added.map((id) => this.#copy(id)))).filter((copy) => copy !== null);
    return { copies, skipped: added.length - copies.length, cursor: events.at(-1)?.[0] ?? cursor };
  }

  async copied(): Promise<string | null> {
    const found = await this.#options.store.ask(["GET", this.#key("tidegate-copied")]);
    return found === null ? null : String(found);
  }

  /** The job ids make a repeat harmless, so the cursor may follow the jobs. */
  async take(copies: readonly Copy[], before: string | null, cursor: string): Promise<boolean> {
    if ((await this.copied()) !== before) return false;
    const adder = copies.length === 0 ? null : (this.#adder ??= this.#open());
    for (const { origin, type, data, priority, at } of copies) {
      await adder?.add(type, JSON.parse(data), { jobId: jobIdOf(origin), timestamp: Math.round(at), ...RANKS[priority] });
    }
    await this.#options.store.ask(["SET", this.#key("tidegate-copied"), cursor]);
    return true;
  }

  async lookUp(copies: readonly Copy[]): Promise<(Content | null)[]> {
    const { store } = this.#options;
    const found = await Promise.all(copies.map(({ origin }) => store.ask(["HMGET", this.#key(jobIdOf(origin)), "name", "data"])));
    return found.map((reply) => {
      const [type, data] = Array.isArray(reply) ? reply : [];
      return typeof type === "string" && typeof data === "string" ? { type, data } : null;
    });
  }

  async close(): Promise<void> {
    await this.#adder?.close();
    this.#options.store.close();
  }

  // Private

  #key(part: string): string {
    return `${this.#options.prefix}:${this.#options.queue}:${part}`;
  }

  /** Null when the job is gone already, or came from the other end. */
  async #copy(id: string): Promise<Copy | null> {
    if (id.startsWith(OURS)) return null;
    const reply = await this.#options.store.ask(["HMGET", this.#key(id), "name", "data", "timestamp", "priority", "opts"]);
    const [name, data, timestamp, priority, opts] = Array.isArray(reply) ? reply : [];
    if (typeof name !== "string" || typeof data !== "string") return null;
    const attempts = attemptsOf(opts);
    return {
      origin: `${this.#options.prefix}:${this.#options.queue}/${id}`,
      type: name,
      service: this.#options.queue,
      data,
      // BullMQ takes jobs without a priority before all that have one.
      priority: Number(priority) > 0 ? "low" : "normal",
      at: Number(timestamp),
      more: attempts > 0 ? { max_retries: String(attempts - 1) } : {},
    };
  }

  #open(): Adder {
    const { url, queue, prefix } = this.#options;
    try {
      // The application's own copy, of the version its queue was written with.
      const { Queue } = createRequire(join(process.cwd(), "package.json"))("bullmq") as {
        Queue: new (name: string, options: object) => Adder;
      };
      return new Queue(queue, { prefix, connection: { url } });
    } catch (error) {
      throw new PlatformError("INVALID_SETTING", "Copying back to BullMQ needs the package bullmq, which was not found.", {
        cause: error,
        hint: "Run this in your application's folder, or: npm install bullmq",
      });
    }
  }
}

// Private

const OURS = `${COPIED}-`;
/** Nothing goes before a job without a priority. */
const RANKS = { critical: {}, high: {}, normal: {}, low: { priority: 1 } } as const;

/** A job id may hold no colon. */
function jobIdOf(origin: string): string {
  return OURS + createHash("sha256").update(origin).digest("hex").slice(0, 32);
}

function attemptsOf(opts: unknown): number {
  try {
    return (JSON.parse(String(opts)) as { attempts?: number }).attempts ?? 0;
  } catch {
    return 0;
  }
}

function valueOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.indexOf(name);
  return at === -1 ? undefined : fields[at + 1];
}
