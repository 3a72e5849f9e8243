/**
 * The control process' own connection to the streams, and the view of Redis through it. It reconnects by itself, so it is
 * started once and never replaced: the console and the demo may hold on to it.
 */
import { connect, type ConnectOptions, type Tide } from "@tidegate/streams";
import type { OrchestratorStatus } from "../contract.ts";
import type { RedisPlace, RedisProcess } from "../supervisor/channel.ts";
import type { Component, ComponentHealth } from "./component.ts";

export class StreamsConnection implements Component {
  readonly name = "streams";
  readonly #options: ConnectOptions;
  #tide: Tide | null = null;

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** Only for components that need `streams`; throws before it has started. */
  get tide(): Tide {
    if (this.#tide === null) throw new Error("the streams are not connected yet");
    return this.#tide;
  }

  /** Null before the first start. */
  peek(): Tide | null {
    return this.#tide;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#tide !== null) return;
    const tide = await connect(this.#options);
    if (signal.aborted) await tide.close({ deadline: 0 });
    else this.#tide = tide;
  }

  async stop(): Promise<void> {
    const tide = this.#tide;
    this.#tide = null;
    await tide?.close({ deadline: 5000 });
  }

  health(): ComponentHealth {
    const health = this.tide.health();
    return health.connected ? { healthy: true } : { healthy: false, detail: `reconnecting to ${health.address}` };
  }
}

/** Redis as a component that others start and stop: this only looks. */
export class RedisView implements Component {
  readonly name = "redis";
  readonly #streams: StreamsConnection;
  readonly #place: RedisPlace;
  /** Kept up to date by the supervisor. */
  process: RedisProcess = { pid: null, restarts: 0, detail: null };

  constructor(streams: StreamsConnection, place: RedisPlace) {
    this.#streams = streams;
    this.#place = place;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  health(): ComponentHealth {
    if (this.#place.embedded && this.process.pid === null) return { healthy: false, detail: this.process.detail ?? "not running" };
    const tide = this.#streams.peek();
    if (tide === null) return { healthy: this.#place.embedded, detail: "not connected yet" };
    const health = tide.health();
    return health.connected ? { healthy: true, detail: health.address } : { healthy: false, detail: `no answer from ${health.address}` };
  }

  status(): OrchestratorStatus["redis"] {
    const health = this.#streams.peek()?.health();
    const address = health?.address ?? this.#place.url.replace(/\/\/.*@/, "//").replace(/\?.*/, "");
    return { address, connected: health?.connected ?? false, round_trip_ms: health?.roundTrip ?? null, embedded: this.#place.embedded };
  }
}
