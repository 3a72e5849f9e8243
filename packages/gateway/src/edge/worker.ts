/**
 * One process of the data plane: listens on the ports of services and passes connections on to their containers. It needs nobody to go on:
 * without Redis, Docker or control it serves by the last table it knows, also from a cold start. Its table lives in Redis; control only
 * writes there.
 * States: serving the snapshot → following the table ⇄ serving the last table (Redis away) → stopped.
 */
import type { ConnectOptions, Tide } from "@tidegate/streams";
import { GatewayKeys } from "../keys.ts";
import { Denials } from "./denials.ts";
import { Follower } from "./follower.ts";
import { openIdentity, type Identity } from "./identity.ts";
import { addressOf, type Places } from "./places.ts";
import type { EdgeReport } from "./report.ts";
import { Reporter } from "./reporter.ts";
import { Snapshot } from "./snapshot.ts";
import { Front } from "./tcp/front.ts";
import type { GateOptions } from "./tcp/gate.ts";

export interface EdgeWorkerOptions {
  readonly connection: ConnectOptions;
  readonly namespace: string;
  readonly prefix: string;
  /** Names this worker among all; the same for the one that takes its place. */
  readonly id: string;
  readonly dataFolder: string;
  /** Connected for the first time. */
  readonly onConnected?: (tide: Tide) => void;
  readonly onNote?: (level: "info" | "warn", message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly gate?: GateOptions;
}

/** Milliseconds that connections may go on when it is told to stop. */
const GRACE = 2_000;
const TICK = 1_000;

export class EdgeWorker {
  readonly #options: EdgeWorkerOptions;
  readonly #denials = new Denials();
  readonly #front: Front;
  readonly #follower: Follower;
  readonly #reporter: Reporter;
  readonly #snapshot: Snapshot;
  #identity: Promise<Identity> | null = null;
  #version = 0;
  #tide: Tide | null = null;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: EdgeWorkerOptions) {
    this.#options = options;
    const { id, namespace, prefix, connection, dataFolder, gate } = options;
    const keys = new GatewayKeys(namespace, prefix);
    this.#snapshot = new Snapshot(dataFolder, namespace);
    this.#front = new Front({
      identity: () => this.#identify(),
      denied: (port, reason, address) => this.#denials.note("denied", port, reason, address),
      failed: (port, reason) => this.#denials.note("failed", port, reason, null),
      onIdle: () => this.#reporter.soon(),
      ...(gate === undefined ? {} : { gate }),
    });
    this.#follower = new Follower({
      connection,
      keys,
      onConnected: (tide) => this.#connected(tide),
      onAway: (reason) => this.#note("warn", "cannot follow the table", { reason }),
      onTable: (version, places) => this.#follow(version, places),
      onCut: (endpoint) => this.#front.connections.cut(endpoint),
    });
    this.#reporter = new Reporter({ id, key: keys.edgeWorkers(), state: () => this.#state() });
  }

  /** Resolves when it serves what it knows; Redis need not be there. */
  async start(): Promise<void> {
    const saved = await this.#snapshot.read();
    if (saved !== null) {
      await this.#front.apply(saved.places);
      this.#note("info", "serving the last known table", { ports: saved.places.size });
    }
    this.#timer = setInterval(() => void this.#tick(), TICK);
    this.#follower.start();
  }

  /** Nothing new is taken; what stands has 2 s. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#front.close(GRACE);
    await this.#reporter.stop();
    this.#tellDenials();
    await this.#follower.stop();
    await this.#saving;
  }

  // Private

  #connected(tide: Tide): void {
    this.#tide = tide;
    this.#options.onConnected?.(tide);
    this.#reporter.start(tide);
  }

  async #follow(version: number, places: Places): Promise<void> {
    const before = new Set(this.#front.failures.map(addressOf));
    await this.#front.apply(places);
    this.#version = version;
    this.#reporter.soon();
    for (const failure of this.#front.failures)
      if (!before.has(addressOf(failure))) this.#note("warn", "cannot serve a port", { ...failure });
    this.#saving = this.#saving
      // Of several changes in a row only the last is written.
      .then(() => (version === this.#version ? this.#snapshot.write({ version, places }) : undefined))
      .catch((error: unknown) => this.#note("warn", "the table cannot be kept on disk", { error }));
  }

  async #tick(): Promise<void> {
    this.#tellDenials();
    if (this.#front.failures.length > 0 && (await this.#front.retry())) this.#reporter.soon();
  }

  #tellDenials(): void {
    if (this.#tide !== null) this.#denials.tell(this.#tide);
  }

  /** A failed try is not kept: the disk may be mended. */
  #identify(): Promise<Identity> {
    this.#identity ??= openIdentity(this.#options.dataFolder).catch((error: unknown) => {
      this.#identity = null;
      throw error;
    });
    return this.#identity;
  }

  #state(): Omit<EdgeReport, "id" | "pid" | "at"> {
    const { connections, listening, failures } = this.#front;
    const { accepted, denied, held, bytesIn, bytesOut } = connections;
    return {
      version: this.#version,
      listening,
      failed: failures,
      connections: connections.openCounts,
      cut: connections.cutCounts,
      accepted,
      denied,
      held,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
    };
  }

  #note(level: "info" | "warn", message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#options.onNote?.(level, message, fields);
  }
}
