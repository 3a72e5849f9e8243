/** Where `Progress` stands in Redis. Read by anybody; written by whoever holds the lease of the name, and by nobody who has lost it. */
import { defineScript, type Reply, type Store } from "@tidegate/streams";
import { GatewayError } from "../../errors.ts";
import type { GatewayKeys } from "../../keys.ts";
import type { Guard } from "../../store/entity.ts";
import { FRESH, type Progress } from "./progress.ts";

const PUT = defineScript(new URL("./guarded-put.lua", import.meta.url));

export class ProgressBook {
  readonly #store: () => Store;
  readonly #key: string;

  constructor(store: () => Store, keys: GatewayKeys) {
    this.#store = store;
    this.#key = keys.acmeProgress();
  }

  async get(name: string): Promise<Progress> {
    return read(await this.#store().ask(["HGET", this.#key, name]));
  }

  async all(): Promise<Map<string, Progress>> {
    const flat = await this.#store().ask(["HGETALL", this.#key]);
    const found = new Map<string, Progress>();
    if (!Array.isArray(flat)) return found;
    for (let at = 0; at + 1 < flat.length; at += 2) found.set(String(flat[at]), read(flat[at + 1] ?? null));
    return found;
  }

  /** LEASE_LOST. */
  async put(name: string, progress: Progress, guard: Guard): Promise<void> {
    await this.#write(name, JSON.stringify(progress), guard);
  }

  /** LEASE_LOST. */
  async remove(name: string, guard: Guard): Promise<void> {
    await this.#write(name, "", guard);
  }

  // Private

  async #write(name: string, text: string, { lease, fence }: Guard): Promise<void> {
    const put = (): Promise<Reply> => this.#store().run(PUT, [this.#key, lease], [name, text, String(fence)]);
    const written = await put().catch(() => this.#back().then(put));
    if (written !== 1) throw new GatewayError("LEASE_LOST", `Somebody else works on the certificate ${name} by now.`);
  }

  /** An order whose place is not noted down is lost: a connection that breaks is waited for. Written twice it is the same, and refused without the lease. */
  async #back(): Promise<void> {
    await this.#store().whenUp(PATIENCE);
  }
}

// Private

/** Milliseconds; less than a lease lasts. */
const PATIENCE = 8_000;

/** Fields that an earlier version did not write have their first value. */
function read(text: unknown): Progress {
  return typeof text === "string" ? { ...FRESH, ...(JSON.parse(text) as Partial<Progress>) } : FRESH;
}
