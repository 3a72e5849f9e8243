/**
 * Changes of state of the components, kept in Redis so that they outlive the process: the newest `MOST` of all control processes
 * together. While Redis does not answer they wait here; the newest `MOST_WAITING` of them.
 */
import type { Reply, Store, Tide } from "@tidegate/streams";
import type { ComponentHistoryAnswer } from "../contract.ts";
import type { PlatformKeys } from "../redis/keys.ts";

export type StateChange = ComponentHistoryAnswer["items"][number];

const MOST = 5_000;
const MOST_WAITING = 1_000;
const PAGE = 500;
const RETRY = 1_000;

export class StateHistory {
  readonly #key: string;
  #store: Store | null = null;
  #waiting: StateChange[] = [];
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(keys: PlatformKeys) {
    this.#key = keys.stateHistory();
  }

  start(tide: Tide): void {
    this.#store = tide.store("history");
    this.#timer = setInterval(() => this.#wake(), RETRY);
    this.#wake();
  }

  record(change: StateChange): void {
    this.#waiting = [...this.#waiting, change].slice(-MOST_WAITING);
    this.#wake();
  }

  /** Writes what still waits, if Redis answers. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#drain();
    this.#store?.close();
    this.#store = null;
  }

  /** Newest first; of all components without `component`. */
  async list(component: string | undefined, limit: number): Promise<StateChange[]> {
    const found: StateChange[] = [];
    for (let end = "+"; found.length < limit;) {
      const page = entriesOf(await this.#store?.ask(["XREVRANGE", this.#key, end, "-", "COUNT", String(PAGE)]));
      for (const { change } of page) if (component === undefined || change.component === component) found.push(change);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      end = `(${last.id}`;
    }
    return found.slice(0, limit);
  }

  #wake(): void {
    if (this.#waiting.length > 0) this.#writing ??= this.#drain().finally(() => (this.#writing = null));
  }

  async #drain(): Promise<void> {
    while (this.#store?.up === true) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const fields = Object.entries(next).flatMap(([name, value]) => [name, value === null ? "" : String(value)]);
      // Written twice when an answer was lost: better than not at all.
      const written = await this.#store.call(["XADD", this.#key, "MAXLEN", "~", String(MOST), "*", ...fields]).then(
        () => true,
        () => false,
      );
      if (!written) return;
      this.#waiting = this.#waiting.filter((change) => change !== next);
    }
  }
}

// Private

function entriesOf(reply: Reply | undefined): { id: string; change: StateChange }[] {
  return (Array.isArray(reply) ? reply : []).flatMap((entry) => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
    const fields = new Map<string, string>();
    for (let at = 0; at + 1 < entry[1].length; at += 2) fields.set(String(entry[1][at]), String(entry[1][at + 1]));
    const text = (name: string): string => fields.get(name) ?? "";
    const detail = text("detail");
    const [component, from, to, instance] = [text("component"), text("from"), text("to"), text("instance")];
    return [
      { id: String(entry[0]), change: { at: Number(text("at")), component, from, to, detail: detail === "" ? null : detail, instance } },
    ];
  });
}
