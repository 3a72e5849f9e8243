/**
 * One Tidegate per Redis database: telemetry keys have no namespace in their names, so two namespaces would mix their logs, metrics and
 * alerts. The lease belongs to the namespace, not to the process: several control processes of one namespace share it.
 */
import { Lease, type Store } from "@tidegate/streams";
import { PlatformError } from "../errors.ts";
import type { PlatformKeys } from "../redis/keys.ts";
import { setTimeout as pause } from "node:timers/promises";
import type { Component, ComponentHealth } from "./component.ts";
import type { StreamsConnection } from "./streams-connection.ts";

const RETRY = 250;
/** Beyond the lease's own time: one left behind by a killed process of another namespace has run out by then. */
const MARGIN = 1_000;

export class DatabaseClaim implements Component {
  readonly name = "database";
  readonly #streams: StreamsConnection;
  readonly #keys: PlatformKeys;
  #store: Store | null = null;
  #lease: Lease | null = null;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #taken: string | null = null;

  constructor(streams: StreamsConnection, keys: PlatformKeys) {
    this.#streams = streams;
    this.#keys = keys;
  }

  /** Rejects with DATABASE_TAKEN when another namespace lives here. */
  async start(signal: AbortSignal): Promise<void> {
    this.#taken = null;
    const store = (this.#store = this.#streams.tide.store("database"));
    const lease = (this.#lease = new Lease({ store, key: this.#key, holder: this.#keys.namespace }));
    await store.whenUp(5_000);
    for (const end = performance.now() + lease.ttl + MARGIN; !(await lease.hold()); await pause(RETRY, undefined, { signal }))
      if (performance.now() > end) throw taken(this.#keys, await this.#holder(), this.#streams.tide.address);
    this.#timer = setInterval(() => (this.#renewing = this.#renew(lease)), lease.ttl / 3);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // Else it could take the lease once more after it was given back.
    await this.#renewing;
    await this.#lease?.release();
    this.#store?.close();
    this.#lease = this.#store = null;
  }

  health(): ComponentHealth {
    return this.#taken === null
      ? { healthy: true, detail: `of the namespace ${this.#keys.namespace}` }
      : { healthy: false, detail: `taken over by the namespace ${this.#taken}` };
  }

  get #key(): string {
    return this.#keys.lease("database");
  }

  async #renew(lease: Lease): Promise<void> {
    if (await lease.hold()) this.#taken = null;
    else if (this.#store?.up === true) this.#taken = await this.#holder().catch(() => null);
  }

  /** Who holds it, when that is not us. */
  async #holder(): Promise<string | null> {
    const holder = (await this.#store?.ask(["HGET", this.#key, "holder"])) ?? null;
    return holder === null || String(holder) === this.#keys.namespace ? null : String(holder);
  }
}

// Private

function taken({ namespace, prefix }: PlatformKeys, holder: string | null, address: string): PlatformError {
  const whose = holder === null ? "another Tidegate" : `the Tidegate of the namespace "${holder}"`;
  return new PlatformError("DATABASE_TAKEN", `The Redis database ${address} already belongs to ${whose}; "${namespace}" cannot share it.`, {
    hint: `Use another database number (redis://…/1) or the same namespace, or give one of them its own TELEMETRY_PREFIX${prefix === "" ? "" : ` (now "${prefix}")`}.`,
  });
}
