/**
 * One process of the data plane: HTTP and HTTPS by host name, and the TCP ports of services. It needs nobody to go on: without Redis, Docker or
 * control it serves by what it knew last, also from a cold start. What it serves by lives in Redis; control only writes there.
 * States: serving the snapshot → following ⇄ serving what was known last (Redis away) → stopped.
 */
import type { ConnectOptions, Tide } from "@tidegate/streams";
import { GatewayKeys } from "../keys.ts";
import { NOTHING, type Known } from "./config/known.ts";
import { Mirror } from "./config/mirror.ts";
import { Denials } from "./denials.ts";
import { Follower } from "./follower.ts";
import { HttpFront, type HttpFrontOptions } from "./http/front.ts";
import { openIdentity, type Identity } from "./identity.ts";
import { addressOf, type Places } from "./places.ts";
import type { EdgeReport } from "./report.ts";
import { Reporter } from "./reporter.ts";
import { KeyedVault } from "../store/keyed-vault.ts";
import { Snapshot } from "./snapshot.ts";
import { Front } from "./tcp/front.ts";
import type { GateOptions } from "./tcp/gate.ts";

export type { KnownToken } from "./http/access/known-token.ts";

export interface EdgeWorkerOptions {
  readonly connection: ConnectOptions;
  readonly namespace: string;
  readonly prefix: string;
  /** Names this worker among all; the same for the one that takes its place. */
  readonly id: string;
  readonly dataFolder: string;
  /** For private keys of certificates. Null or nothing: the one in the data folder. */
  readonly encryptionKey?: string | null;
  /** Connected for the first time. */
  readonly onConnected?: (tide: Tide) => void;
  readonly onNote?: (level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly gate?: GateOptions;
  /** Default: TCP ports of services only. */
  readonly http?: WorkerHttp;
}

export type WorkerHttp = Omit<HttpFrontOptions, "note" | "onIdle" | "keys" | "vault" | "dataFolder">;

const NO_HTTP: WorkerHttp = { ports: { host: "127.0.0.1", http: null, https: null }, trusted: [], tokens: () => () => null };
/** Milliseconds that connections may go on when it is told to stop. */
const GRACE = 2_000;
const TICK = 1_000;
/** Milliseconds in which several changes are written to the disk once. */
const SAVE_AFTER = 500;

export class EdgeWorker {
  readonly #options: EdgeWorkerOptions;
  readonly #denials = new Denials();
  readonly #front: Front;
  readonly #follower: Follower;
  readonly #reporter: Reporter;
  readonly #snapshot: Snapshot;
  readonly #keys: GatewayKeys;
  readonly #http: HttpFront;
  #mirror: Mirror | null = null;
  #known: Known = NOTHING;
  /** What is known is of another store than what the snapshot holds. */
  #anew = false;
  #places: Places = new Map();
  #identity: Promise<Identity> | null = null;
  #version = 0;
  #tide: Tide | null = null;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #save: NodeJS.Timeout | undefined;

  constructor(options: EdgeWorkerOptions) {
    this.#options = options;
    const { id, namespace, prefix, connection, dataFolder, gate } = options;
    const keys = new GatewayKeys(namespace, prefix);
    this.#keys = keys;
    this.#http = new HttpFront({
      ...(options.http ?? NO_HTTP),
      vault: new KeyedVault({ keys, encryptionKey: options.encryptionKey ?? null, dataFolder }),
      dataFolder,
      keys,
      note: (level, message, fields) => this.#note(level, message, fields),
      onIdle: () => this.#reporter.soon(),
    });
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
      onCut: (endpoint) => this.#cut(endpoint),
      onDrain: (endpoint, seconds) => this.#http.drain(endpoint, seconds),
    });
    this.#reporter = new Reporter({ id, key: keys.edgeWorkers(), state: () => this.#state() });
  }

  /** Resolves when it serves what it knows; Redis need not be there. */
  async start(): Promise<void> {
    const saved = await this.#snapshot.read();
    if (saved !== null) {
      this.#known = saved.known;
      this.#places = saved.places;
      this.#http.place(saved.places);
      this.#remember(saved.known);
      await this.#front.apply(saved.places);
      this.#note("info", "serving what was known last", { ports: saved.places.size, targets: saved.known.entities.target.size });
    }
    await this.#http.start();
    this.#timer = setInterval(() => void this.#tick(), TICK);
    this.#follower.start();
  }

  /** Of its own HTTP or HTTPS; null while it has none. */
  port(scheme: "http" | "https"): number | null {
    return this.#http.port(scheme);
  }

  /** Nothing new is taken; what stands has 2 s. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#front.close(GRACE), this.#http.close(GRACE), this.#mirror?.stop()]);
    await this.#reporter.stop();
    this.#tellDenials();
    await this.#http.say();
    await this.#follower.stop();
    if (this.#save !== undefined) this.#write();
    await this.#saving;
  }

  // Private

  #connected(tide: Tide): void {
    this.#tide = tide;
    this.#options.onConnected?.(tide);
    this.#reporter.start(tide);
    this.#http.connected(tide);
    this.#mirror = new Mirror({
      tide,
      keys: this.#keys,
      known: this.#known,
      onKnown: (known, anew) => this.#know(known, anew),
      onTrouble: (reason) => this.#note("warn", "cannot follow the store", { reason }),
      onLost: (lost) => this.#lost(lost),
    });
    this.#mirror.start();
  }

  #know(known: Known, anew: boolean): void {
    this.#http.know(known);
    this.#known = known;
    this.#anew ||= anew;
    this.#reporter.soon();
    this.#keep();
  }

  /** A file that cannot be served by must not keep the worker from its start. */
  #remember(known: Known): void {
    try {
      this.#http.know(known);
    } catch (error) {
      this.#note("error", "what was known last cannot be served", { error });
    }
  }

  #lost(lost: boolean): void {
    this.#http.lost(lost);
    this.#reporter.soon();
    const known = { targets: this.#known.entities.target.size };
    const hint = "npx tidegate config import <file>   brings an export back; the first target there is in the store again replaces it all.";
    if (lost) this.#note("warn", "Redis has lost the targets; those known last are served", { ...known, hint });
    else this.#note("info", "there is a new store, and it is served", known);
  }

  async #follow(version: number, places: Places): Promise<void> {
    const before = new Set(this.#front.failures.map(addressOf));
    this.#places = places;
    this.#http.place(places);
    await this.#front.apply(places);
    this.#version = version;
    this.#reporter.soon();
    for (const failure of this.#front.failures)
      if (!before.has(addressOf(failure))) this.#note("warn", "cannot serve a port", { ...failure });
    this.#keep();
  }

  /** Of several changes in a row only the last is written. */
  #keep(): void {
    this.#save ??= setTimeout(() => this.#write(), SAVE_AFTER);
  }

  #write(): void {
    clearTimeout(this.#save);
    this.#save = undefined;
    this.#saving = this.#saving.then(() => this.#saveNow());
  }

  async #saveNow(): Promise<void> {
    const anew = this.#anew;
    this.#anew = false;
    try {
      await this.#snapshot.write({ version: this.#version, places: this.#places, known: this.#known }, anew);
    } catch (error) {
      this.#anew ||= anew;
      this.#note("warn", "what is served cannot be kept on disk", { error });
    }
  }

  #cut(endpoint: string): void {
    this.#front.connections.cut(endpoint);
    this.#http.cut(endpoint);
  }

  async #tick(): Promise<void> {
    this.#tellDenials();
    await this.#http.sweep();
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
      connections: added(connections.openCounts, this.#http.openCounts),
      cut: added(connections.cutCounts, this.#http.cutCounts),
      accepted,
      denied,
      held,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
      followed: this.#known.position,
      http: this.#http.report(),
    };
  }

  #note(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#options.onNote?.(level, message, fields);
  }
}

// Private

function added(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> {
  const sum = { ...one };
  for (const [key, count] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
