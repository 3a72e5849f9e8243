/**
 * The connections of one `connect()`, named after it for CLIENT LIST. Those that run our scripts load them before anybody uses them;
 * readers run none, stores bring their own.
 */
import type { Store } from "../store.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Link, LinkOptions } from "./link.ts";
import { OwnStore } from "./own-store.ts";
import type { Scripts } from "./scripts.ts";
import { integer } from "./shapes.ts";

export interface LinksDeps {
  readonly endpoint: Endpoint;
  /** Names this `connect()` among all. */
  readonly session: string;
  readonly scripts: Scripts;
  readonly make: (options: LinkOptions) => Link;
}

/** Milliseconds a command may stay unanswered. */
const DEADLINE = 5_000;
const NOTHING = (): Promise<void> => Promise.resolve();

export class Links {
  readonly #deps: LinksDeps;
  readonly #stores = new Set<OwnStore>();

  constructor(deps: LinksDeps) {
    this.#deps = deps;
  }

  open(name: string, more: Partial<LinkOptions> = {}): Link {
    const { endpoint, session, scripts, make } = this.#deps;
    const prepare: LinkOptions["prepare"] = (call) => scripts.load(call);
    return make({ endpoint, name: `tidegate.${session}.${name}`.replace(/\s/g, "_"), deadline: DEADLINE, prepare, ...more });
  }

  /** For blocking reads; `onUp` is told the id by which CLIENT UNBLOCK finds it. */
  reader(name: string, deadline: number, onUp: (clientId: number, again: boolean) => void): Link {
    let id = 0;
    return this.open(name, {
      deadline,
      prepare: async (call) => void (id = integer(await call(["CLIENT", "ID"]))),
      onUp: (again) => onUp(id, again),
    });
  }

  store(name: string): Store {
    const store = new OwnStore(this.open(`store.${name}`, { prepare: NOTHING }), (closed) => this.#stores.delete(closed));
    this.#stores.add(store);
    return store;
  }

  closeStores(): void {
    for (const store of this.#stores) store.close();
  }
}
