/**
 * Of several control processes on one Redis, one leads: it alone does the singleton duties (aggregates, alert evaluation, sweeps).
 * Their scripts check the fence, so a leader that was paused past its lease does nothing any more.
 */
import { Lease, type Store } from "@tidegate/streams";
import type { PlatformKeys } from "../redis/keys.ts";
import type { Component, ComponentHealth } from "./component.ts";
import type { StreamsConnection } from "./streams-connection.ts";

export interface LeaderOptions {
  readonly streams: Pick<StreamsConnection, "tide">;
  readonly keys: PlatformKeys;
  /** Names this process among all. */
  readonly instance: string;
  /** Told when it comes to lead, and when it does not any more. */
  readonly onChange?: (leading: boolean) => void;
}

export class Leader implements Component {
  readonly name = "leader";
  readonly #options: LeaderOptions;
  #store: Store | null = null;
  #lease: Lease | null = null;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #until = 0;
  #led = false;

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  get leading(): boolean {
    return this.fence > 0;
  }

  /** 0 while another process leads, or when this one may have been too late. Scripts of singleton duties get it with `key` and `instance`. */
  get fence(): number {
    return performance.now() < this.#until ? (this.#lease?.fence ?? 0) : 0;
  }

  get key(): string {
    return this.#options.keys.lease(`${this.#options.keys.namespace}:leader`);
  }

  get instance(): string {
    return this.#options.instance;
  }

  async start(): Promise<void> {
    const store = this.#options.streams.tide.store("leader");
    this.#store = store;
    const lease = (this.#lease = new Lease({ store, key: this.key, holder: this.instance }));
    await store.whenUp(5_000);
    await this.#renew(lease);
    this.#timer = setInterval(() => (this.#renewing = this.#renew(lease)), lease.ttl / 3);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // Else it could take the lease once more after it was given back.
    await this.#renewing;
    await this.#lease?.release();
    this.#store?.close();
    this.#lease = this.#store = null;
    this.#tell();
  }

  health(): ComponentHealth {
    return { healthy: true, detail: this.leading ? "leads" : "another process leads" };
  }

  async #renew(lease: Lease): Promise<void> {
    // Counted from before the question: by the server's clock the lease began later, so ours never outlasts it.
    const asked = performance.now();
    if (await lease.hold()) this.#until = asked + lease.ttl;
    this.#tell();
  }

  #tell(): void {
    if (this.leading === this.#led) return;
    this.#led = this.leading;
    this.#options.onChange?.(this.#led);
  }
}
