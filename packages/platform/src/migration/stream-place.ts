/**
 * A topic as a place: a Tidegate one with its lanes, or one of the Python client's, which is a single stream whose readers expect every
 * field. Both speak the same wire format.
 */
import { defineScript, type Reply, type Store } from "@tidegate/streams";
import { COPIED, type Batch, type Content, type Copy, type Place } from "./place.ts";

export interface StreamPlaceOptions {
  readonly store: Store;
  readonly name: string;
  readonly namespace: string;
  readonly topic: string;
  /** `lanes`: a stream per priority; `shared`: one stream, priority is a field; `python`: one stream and every field. */
  readonly form: "lanes" | "shared" | "python";
}

const TAKE = defineScript(new URL("./take.lua", import.meta.url));
const LANES = ["critical", "high", "normal", "low"] as const;
const START = "0-0";

interface Entry {
  readonly key: string;
  readonly id: string;
  readonly fields: Map<string, string>;
}

export class StreamPlace implements Place {
  readonly name: string;
  readonly #options: StreamPlaceOptions;
  readonly #streams: readonly string[];
  #contents: Map<string, Content> | undefined;

  constructor(options: StreamPlaceOptions) {
    this.#options = options;
    this.name = options.name;
    const normal = `${options.namespace}:${options.topic}:events`;
    this.#streams = options.form !== "lanes" ? [normal] : LANES.map((lane) => (lane === "normal" ? normal : `${normal}:${lane}`));
  }

  async end(): Promise<string> {
    const ids = await Promise.all(this.#streams.map((key) => this.#lastId(key)));
    return ids.join(" ");
  }

  /** Lane by lane: between lanes no order is promised anywhere. */
  async after(cursor: string, limit: number): Promise<Batch> {
    const ids = cursor === "" ? this.#streams.map(() => START) : cursor.split(" ");
    const copies: Copy[] = [];
    let skipped = 0;
    for (const [at, key] of this.#streams.entries()) {
      for (const entry of await this.#range(key, `(${ids[at] ?? START}`, limit - copies.length)) {
        const copy = copyOf(entry);
        if (copy === null) skipped++;
        else copies.push(copy);
        ids[at] = entry.id;
      }
    }
    return { copies, skipped, cursor: ids.join(" ") };
  }

  async copied(): Promise<string | null> {
    const found = await this.#options.store.ask(["GET", this.#cursorKey]);
    return found === null ? null : String(found);
  }

  async take(copies: readonly Copy[], before: string | null, cursor: string): Promise<boolean> {
    const args = copies.flatMap((copy) => {
      const fields = this.#fieldsOf(copy);
      return [String(2 + this.#laneOf(copy)), String(fields.length), ...fields];
    });
    return (await this.#options.store.run(TAKE, [this.#cursorKey, ...this.#streams], [before ?? "", cursor, ...args])) === 1;
  }

  async lookUp(copies: readonly Copy[]): Promise<(Content | null)[]> {
    this.#contents ??= await this.#readAll();
    return copies.map(({ origin }) => this.#contents?.get(origin) ?? null);
  }

  close(): Promise<void> {
    this.#options.store.close();
    return Promise.resolve();
  }

  // Private

  get #cursorKey(): string {
    const { namespace, topic, form } = this.#options;
    return `${namespace}:${topic}:copied:${form}`;
  }

  #laneOf({ priority }: Copy): number {
    return this.#options.form === "lanes" ? LANES.indexOf(priority) : 0;
  }

  #fieldsOf(copy: Copy): string[] {
    const { topic, form } = this.#options;
    const { type, service, data, priority, at, more, origin } = copy;
    const own = { event_type: type, service, data, timestamp: (at / 1_000).toFixed(6), ...more, message_id: more["message_id"] ?? origin };
    const every =
      form === "python" ? { id: "", stream: topic, retry_count: "0", max_retries: "3", correlation_id: own.message_id, user_id: "" } : {};
    return Object.entries({ ...every, priority, ...own, [COPIED]: origin }).flat();
  }

  /** Read once: comparing asks for nearly all of it. */
  async #readAll(): Promise<Map<string, Content>> {
    const contents = new Map<string, Content>();
    for (const key of this.#streams) {
      for (let from = "-"; ;) {
        const page = await this.#range(key, from, PAGE);
        for (const copy of page.map((entry) => copyOf(entry, true))) if (copy !== null) contents.set(copy.origin, copy);
        if (page.length < PAGE) break;
        from = `(${page.at(-1)?.id ?? START}`;
      }
    }
    return contents;
  }

  async #lastId(key: string): Promise<string> {
    const reply = await this.#options.store.ask(["XREVRANGE", key, "+", "-", "COUNT", "1"]);
    return Array.isArray(reply) && Array.isArray(reply[0]) ? String(reply[0][0]) : START;
  }

  async #range(key: string, from: string, count: number): Promise<Entry[]> {
    if (count <= 0) return [];
    const reply = await this.#options.store.ask(["XRANGE", key, from, "+", "COUNT", String(count)]);
    return Array.isArray(reply) ? reply.map((row) => entryOf(key, row)) : [];
  }
}

// Private

const PAGE = 1_000;
/** What `more` carries on. */
const FURTHER = ["correlation_id", "causation_id", "user_id", "max_retries", "traceparent", "tenant", "schema", "key", "message_id"];
/** The Python client marks new streams with these. */
const MARKERS = new Set(["stream_initialized", "dead_letter_initialized"]);

function entryOf(key: string, row: Reply): Entry {
  const [id, flat] = row as [string, string[]];
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(String(flat[at]), String(flat[at + 1]));
  return { key, id, fields };
}

/** Null for markers, and for what came from the other end unless those are wanted. */
function copyOf({ key, id, fields }: Entry, copiesToo = false): Copy | null {
  const copied = fields.get(COPIED);
  const type = fields.get("event_type") ?? "";
  if ((copied !== undefined && !copiesToo) || MARKERS.has(type)) return null;
  const more = Object.fromEntries(FURTHER.flatMap((name) => ((fields.get(name) ?? "") ? [[name, fields.get(name) as string]] : [])));
  const seconds = Number(fields.get("timestamp") ?? "");
  return {
    origin: copied ?? `${key}/${id}`,
    type,
    service: fields.get("service") ?? "",
    data: fields.get("data") ?? "{}",
    priority: LANES.find((lane) => key.endsWith(`:${lane}`)) ?? LANES.find((lane) => lane === fields.get("priority")) ?? "normal",
    at: seconds > 0 ? seconds * 1_000 : Number.parseInt(id, 10),
    more,
  };
}
