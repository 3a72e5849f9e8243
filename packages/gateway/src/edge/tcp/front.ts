/**
 * All ports of this process, made to be what the table says: only the difference is touched. A port that cannot be listened on is tried
 * again by `retry`, which the worker calls once a second.
 */
import type { Identity } from "../identity.ts";
import { addressOf, parsePlace, type Places } from "../places.ts";
import type { EdgeFailure } from "../report.ts";
import type { EdgePort } from "../switch.ts";
import { Connections } from "./connections.ts";
import { Gate, type GateOptions } from "./gate.ts";
import { PortListener, type ListenerDeps } from "./listener.ts";

export interface FrontOptions extends Pick<ListenerDeps, "denied" | "failed"> {
  readonly identity: () => Promise<Identity>;
  /** An endpoint has lost its last connection. */
  readonly onIdle: (endpoint: string) => void;
  readonly gate?: GateOptions;
}

interface Standing {
  readonly listener: PortListener;
  /** As a person writes it. */
  readonly address: string;
  text: string;
}

export class Front {
  readonly connections: Connections;
  readonly #deps: ListenerDeps;
  readonly #standing = new Map<string, Standing>();
  readonly #failures = new Map<string, EdgeFailure>();
  /** Closed, with connections that go on. */
  readonly #leaving = new Set<PortListener>();
  #places: Places = new Map();
  #closed = false;
  /** One at a time: two that open the same port would both get it. */
  #work: Promise<unknown> = Promise.resolve();

  constructor({ onIdle, gate, ...deps }: FrontOptions) {
    this.connections = new Connections(onIdle);
    this.#deps = { ...deps, connections: this.connections, gate: new Gate(gate) };
  }

  get listening(): string[] {
    return [...this.#standing.values()].map(({ address }) => address);
  }

  get failures(): EdgeFailure[] {
    return [...this.#failures.values()];
  }

  /** Resolves when everything that changed is done or has failed. */
  apply(places: Places): Promise<void> {
    return this.#inTurn(() => this.#apply(places));
  }

  /** True when something that failed works now. */
  retry(): Promise<boolean> {
    return this.#inTurn(() => this.#retry());
  }

  /** Nothing new; what stands has `grace` ms. */
  async close(grace: number): Promise<void> {
    this.#closed = true;
    await this.#work;
    for (const [place, { listener }] of this.#standing) this.#close(place, listener);
    const end = performance.now() + grace;
    while (this.#busy && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 25));
    for (const listener of this.#leaving) listener.cutAll();
  }

  // Private

  get #busy(): boolean {
    return [...this.#leaving].some((listener) => listener.connections > 0);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #apply(places: Places): Promise<void> {
    if (this.#closed) return;
    this.#places = places;
    for (const [place, { listener }] of this.#standing) if (!places.has(place)) this.#close(place, listener);
    for (const place of this.#failures.keys()) if (!places.has(place)) this.#failures.delete(place);
    await Promise.all([...places].map(([place, text]) => this.#set(place, text)));
  }

  async #retry(): Promise<boolean> {
    if (this.#closed) return false;
    const failed = [...this.#failures.keys()];
    await Promise.all(failed.map((place) => this.#set(place, this.#places.get(place) ?? "")));
    return failed.some((place) => !this.#failures.has(place));
  }

  async #set(place: string, text: string): Promise<void> {
    if (text === "") return;
    const standing = this.#standing.get(place);
    if (standing?.text === text && !this.#failures.has(place)) return;
    const port = parsePlace(text);
    try {
      if (standing === undefined) await this.#open(place, text, port);
      else await standing.listener.update(port);
      if (standing !== undefined) standing.text = text;
      this.#failures.delete(place);
    } catch (error) {
      this.#failures.set(place, failureOf(port, error));
    }
  }

  async #open(place: string, text: string, port: EdgePort): Promise<void> {
    const listener = new PortListener(port, this.#deps);
    // What it asks of those who connect must be in force before the first one can.
    await listener.update(port);
    await listener.listen();
    this.#standing.set(place, { listener, text, address: addressOf(port) });
  }

  #close(place: string, listener: PortListener): void {
    this.#standing.delete(place);
    listener.close();
    for (const left of this.#leaving) if (left.connections === 0) this.#leaving.delete(left);
    this.#leaving.add(listener);
  }
}

// Private

function failureOf({ bind, port }: EdgePort, error: unknown): EdgeFailure {
  const why = error instanceof Error ? error.message : String(error);
  const kind = (error as NodeJS.ErrnoException).syscall === undefined ? "access" : "listen";
  return { bind, port, kind, why };
}
