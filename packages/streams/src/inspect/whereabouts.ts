/** Where one message is now, group by group: in work, waiting for another attempt, or still to be read. */
import type { Keys } from "../keys.ts";
import { ATTEMPTS_FIELD, decodeAttempts, ORIGIN_FIELD } from "../message/decode.ts";
import { compareIds } from "../message/entry-id.ts";
import type { AttemptRecord } from "../message/message.ts";
import type { Origin } from "../redis/history-record.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { entries, integer, list, table } from "../redis/shapes.ts";
import { askOrNull } from "./absent.ts";

export interface Whereabouts {
  readonly group: string;
  /** The group reads beyond it already. */
  readonly passed: boolean;
  /** In whose hands it is. */
  readonly held: { readonly consumer: string; readonly idle: number } | null;
  readonly waits: boolean;
  /** Failed attempts it carries with it. */
  readonly attempts: readonly AttemptRecord[];
}

export interface WhereaboutsDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
}

/** Due retries looked through for the message. */
const MOST = 2_000;

export class WhereaboutsView {
  readonly #deps: WhereaboutsDeps;

  constructor({ link, scripts, keys }: WhereaboutsDeps) {
    this.#deps = { link, scripts, keys };
  }

  async of(topic: string, origin: Origin): Promise<Whereabouts[]> {
    const groups = list(await askOrNull(this.#deps.link, ["XINFO", "GROUPS", origin.stream])).map(table);
    return await Promise.all(
      groups.map((group) => {
        const passed = compareIds(String(group.get("last-delivered-id")), origin.entryId) >= 0;
        return this.#inGroup(topic, String(group.get("name")), passed, origin);
      }),
    );
  }

  // Private

  async #inGroup(topic: string, group: string, passed: boolean, origin: Origin): Promise<Whereabouts> {
    const [waiting, held, again] = await Promise.all([
      this.#waiting(topic, group, origin),
      this.#holder(origin.stream, group, origin.entryId),
      this.#due(topic, group, origin),
    ]);
    const holder = held ?? again?.held ?? null;
    // What was handed back stands in the pending list under this name, and is anybody's.
    const free = holder?.consumer === "released";
    return {
      group,
      passed: passed && !free,
      held: free ? null : holder,
      waits: waiting !== null || (again !== null && again.held === null),
      attempts: waiting ?? again?.attempts ?? [],
    };
  }

  async #waiting(topic: string, group: string, { stream, entryId }: Origin): Promise<readonly AttemptRecord[] | null> {
    const { link, scripts, keys } = this.#deps;
    const names = [keys.retries(topic, group), keys.held(topic, group)];
    const found = list(await scripts.run(link, "waits", names, [`${stream}/${entryId}`]));
    return found.length === 0 ? null : decodeAttempts(String(found[1]));
  }

  async #holder(key: string, group: string, id: string): Promise<Whereabouts["held"]> {
    const [row] = list(await askOrNull(this.#deps.link, ["XPENDING", key, group, id, id, "1"]));
    if (row === undefined) return null;
    const [, consumer, idle] = list(row);
    return { consumer: String(consumer), idle: integer(idle) };
  }

  /** In the group's retry stream it has another id, so its origin is looked for. */
  async #due(topic: string, group: string, { stream, entryId }: Origin): Promise<Pick<Whereabouts, "held" | "attempts"> | null> {
    const key = this.#deps.keys.retryEvents(topic, group);
    let start = "-";
    for (let looked = 0; looked < MOST; looked += PAGE) {
      const page = entries(await this.#deps.link.ask(["XRANGE", key, start, "+", "COUNT", String(PAGE)]));
      const found = page.find(({ fields }) => fields[ORIGIN_FIELD] === `${stream}/${entryId}`);
      if (found !== undefined)
        return { held: await this.#holder(key, group, found.id), attempts: decodeAttempts(found.fields[ATTEMPTS_FIELD]) };
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return null;
      start = `(${last.id}`;
    }
    return null;
  }
}

const PAGE = 100;
