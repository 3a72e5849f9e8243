/**
 * The control side of the edge: writes what the workers shall do into Redis, and waits until each of them does it. A worker counts while
 * its last report is younger than 3 s by the clock of Redis; who has lost Redis goes on with the table it has and takes over the newest when
 * it is back.
 */
import { defineScript, type Store, type Tide } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { GatewayKeys } from "../keys.ts";
import { addressOf, parsePlace, placeOf, readTable, serialise } from "./places.ts";
import { isLater } from "./config/known.ts";
import { LIVE_FOR, type EdgeReport } from "./report.ts";
import { readView, ReportWatch, type EdgeView } from "./report-watch.ts";
import type { EdgePort, Switch } from "./switch.ts";

const CHANGE = defineScript(new URL("./change.lua", import.meta.url));
const LOOK = defineScript(new URL("./look.lua", import.meta.url));

const PATIENCE = 10_000;
const UNDO_PATIENCE = 2_000;
const SERVED_PATIENCE = 2_000;
/** How often workers are told to cut, a second apart, before it is given up. */
const CUTS = 5;

interface Place {
  readonly field: string;
  /** What it must have to be changed; empty: anything. */
  readonly expected: string;
  /** Empty: nothing. */
  readonly value: string;
}

interface Change {
  readonly version: number;
  /** What would take it back, as long as nobody else has changed it again. */
  readonly undo: readonly Place[];
}

export interface EdgeTableOptions {
  readonly tide: () => Tide;
  readonly keys: GatewayKeys;
  /** Milliseconds within which every live worker must have taken over a change. Default 10,000. */
  readonly patience?: number;
}

/** Who serves, as `status` shows it. */
export interface EdgeWorkers {
  /** Those that live. */
  workers(): Promise<readonly EdgeReport[]>;
  /** Whether every live worker serves by what the store holds now, waiting at most `limit` ms (default 2,000); false without a worker. */
  served(limit?: number): Promise<boolean>;
}

export class EdgeTable implements Switch, EdgeWorkers {
  readonly #options: EdgeTableOptions;
  readonly #watch: ReportWatch;
  readonly #patience: number;
  #opened: { readonly tide: Tide; readonly store: Store } | null = null;

  constructor(options: EdgeTableOptions) {
    this.#options = options;
    this.#patience = options.patience ?? PATIENCE;
    this.#watch = new ReportWatch(() => this.#look());
  }

  async set(ports: readonly EdgePort[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const change = await this.#change(ports.map((port) => ({ field: placeOf(port), expected: "", value: serialise(port) })));
    try {
      await this.#applied(change.version, ports, signal);
    } catch (error) {
      // Without Redis it cannot be taken back; why it failed is what the caller has to know.
      if (error instanceof GatewayError) await this.#undo(change).catch(() => {});
      throw error;
    }
  }

  /** Without a live worker nobody listens there: it resolves when all have been silent for 3 s. */
  async remove(ports: readonly Pick<EdgePort, "bind" | "port">[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { version } = await this.#change(ports.map((port) => ({ field: placeOf(port), expected: "", value: "" })));
    const alone = performance.now() + LIVE_FOR;
    const gone = ({ live }: EdgeView): true | undefined =>
      (live.length > 0 || performance.now() > alone) && live.every((report) => report.version >= version) ? true : undefined;
    await this.#watch.until(gone, this.#patience, (view) => this.#unavailable(view, version), signal);
  }

  async drain(endpoint: string, seconds: number, signal: AbortSignal): Promise<number> {
    const idle = (view: EdgeView): true | undefined => (sum(view, "connections", endpoint) === 0 ? true : undefined);
    await this.#tell("drain", `${endpoint} ${seconds}`);
    const drained = await this.#watch.until<boolean>(idle, seconds * 1000, () => false, signal);
    if (drained) return 0;
    const before = sum(await this.#look(), "cut", endpoint);
    for (let cut = 0; cut < CUTS; cut += 1) {
      await this.#tell("cut", endpoint);
      if (await this.#watch.until<boolean>(idle, 1_000, () => false, signal)) break;
    }
    return Math.max(0, sum(await this.#look(), "cut", endpoint) - before);
  }

  async list(): Promise<EdgePort[]> {
    const reply = await this.#store().ask(["HGETALL", this.#options.keys.edgeTable()]);
    const ports = [...readTable(reply).places.values()].map(parsePlace);
    return ports.sort((one, other) => one.port - other.port || one.bind.localeCompare(other.bind));
  }

  async workers(): Promise<readonly EdgeReport[]> {
    await this.#store().whenUp(1_000);
    return (await this.#look()).live;
  }

  async served(limit: number = SERVED_PATIENCE): Promise<boolean> {
    const newest = (await this.#store().ask(["XREVRANGE", this.#options.keys.entityChanges(), "+", "-", "COUNT", "1"])) as [id: string][];
    const id = newest[0]?.[0] ?? "0-0";
    const all = ({ live }: EdgeView): true | undefined =>
      live.length > 0 && live.every(({ followed }) => !isLater(id, followed)) ? true : undefined;
    return await this.#watch.until<boolean>(all, limit, () => false, new AbortController().signal);
  }

  // Private

  async #tell(what: "drain" | "cut", about: string): Promise<void> {
    await this.#store().ask(["XADD", this.#options.keys.edgeChanges(), "MAXLEN", "~", "1000", "*", what, about]);
  }

  async #applied(version: number, ports: readonly EdgePort[], signal: AbortSignal): Promise<void> {
    const wanted = new Set(ports.map(placeOf));
    const done = ({ live }: EdgeView): true | undefined => {
      const current = live.filter((report) => report.version >= version);
      const failure = current.flatMap(({ failed }) => failed).find((one) => wanted.has(placeOf(one)));
      if (failure !== undefined) throw refused(failure);
      return live.length > 0 && current.length === live.length ? true : undefined;
    };
    await this.#watch.until(done, this.#patience, (view) => this.#unavailable(view, version), signal);
  }

  /** Only what is still as we left it; then waits a little, because the caller will give the port to somebody else. */
  async #undo({ undo }: Change): Promise<void> {
    const { version } = await this.#change(undo);
    const undone = ({ live }: EdgeView): true | undefined => (live.every((report) => report.version >= version) ? true : undefined);
    await this.#watch.until<boolean>(undone, UNDO_PATIENCE, () => false, new AbortController().signal);
  }

  async #change(places: readonly Place[]): Promise<Change> {
    const { keys } = this.#options;
    const store = this.#store();
    await store.whenUp(1_000);
    const args = places.flatMap(({ field, expected, value }) => [field, expected, value]);
    const reply = await store.run(CHANGE, [keys.edgeTable(), keys.edgeChanges()], args);
    const [version, ...before] = Array.isArray(reply) ? reply : [];
    const undo = places.map(({ field, value }, at) => ({ field, expected: value, value: String(before[at] ?? "") }));
    return { version: Number(version), undo: undo.filter((place) => place.expected !== place.value) };
  }

  async #look(): Promise<EdgeView> {
    return readView(await this.#store().run(LOOK, [this.#options.keys.edgeWorkers()], []));
  }

  #unavailable(view: EdgeView | null, version: number): never {
    const late = view?.live.find((report) => report.version < version);
    const who = late === undefined ? "No edge worker has answered" : `The edge worker ${late.id} (process ${late.pid}) has not followed`;
    throw new GatewayError("EDGE_UNAVAILABLE", `${who} for ${this.#patience / 1000} s, so nothing was switched.`, {
      hint: "npx tidegate status   shows the edge workers; EDGE_WORKERS must not be 0.",
    });
  }

  #store(): Store {
    const tide = this.#options.tide();
    if (this.#opened?.tide !== tide) this.#opened = { tide, store: tide.store("edge") };
    return this.#opened.store;
  }
}

// Private

function sum({ live }: EdgeView, what: "connections" | "cut", endpoint: string): number {
  return live.reduce((count, report) => count + (report[what][endpoint] ?? 0), 0);
}

function refused(failure: EdgeReport["failed"][number]): GatewayError {
  const { port, kind, why } = failure;
  if (kind === "access") return new GatewayError("INVALID_SPEC", `The client authority of ${addressOf(failure)} is not usable: ${why}`);
  return new GatewayError("PORT_TAKEN", `The edge cannot listen on ${addressOf(failure)}: ${why}`, {
    hint: `npx tidegate port check ${port}   says who has it.`,
  });
}
