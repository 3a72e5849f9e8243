/**
 * What tests of services stand on: a real Redis with the real store, vault and ports, an engine and an edge in this process, and any number of
 * control processes on them, each of which can be made to die after so many calls of what it works with.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import type { Switch } from "../edge/switch.ts";
import { GatewayKeys } from "../keys.ts";
import { PortRegistry } from "../ports/registry.ts";
import type { Engine } from "../services/engine/engine.ts";
import { ServiceManager } from "../services/manager.ts";
import type { ServiceData } from "../services/spec.ts";
import type { Table } from "../store/entities.ts";
import { EntityStore } from "../store/entity-store.ts";
import { KeyedVault } from "../store/keyed-vault.ts";

export interface ProcessOptions {
  /** Calls until it dies. Default: it lives. */
  readonly dies?: number;
  readonly leads?: boolean;
  /** Milliseconds until others go on with what it had begun. */
  readonly leaseTtl?: number;
}

export class ServicesBed<E extends Engine, S extends Switch> implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly tide: Tide;
  readonly entities: EntityStore;
  readonly ports: PortRegistry;
  readonly engine: E;
  readonly edge: S;
  readonly troubles: string[] = [];
  readonly #keys: GatewayKeys;
  readonly #vault: KeyedVault;
  readonly #folder: string;
  readonly #managers: ServiceManager[] = [];

  static async open<E extends Engine, S extends Switch>(engine: E, edge: (tide: Tide, keys: GatewayKeys) => S): Promise<ServicesBed<E, S>> {
    const redis = await startRedis();
    const folder = await mkdtemp(join(tmpdir(), "tidegate-services-"));
    const tide = await connect({ url: redis.url, namespace: "test", service: "tidegate" });
    const keys = new GatewayKeys("test", "");
    const bed = new ServicesBed(redis, tide, keys, folder, engine, edge(tide, keys));
    await bed.entities.start();
    return bed;
  }

  private constructor(redis: RedisServer, tide: Tide, keys: GatewayKeys, folder: string, engine: E, edge: S) {
    this.redis = redis;
    this.tide = tide;
    this.engine = engine;
    this.edge = edge;
    this.#keys = keys;
    this.#folder = folder;
    this.#vault = new KeyedVault({ keys, encryptionKey: "ab".repeat(32), dataFolder: folder });
    this.entities = new EntityStore({ tide: () => tide, keys, vault: this.#vault });
    const listening = (): ReturnType<Switch["list"]> => edge.list();
    this.ports = new PortRegistry({ entities: this.entities, tide: () => tide, leads: () => false, onTrouble: () => {}, listening });
  }

  /** The manager of one control process. Only one that is started looks after what others left. */
  manager(options: ProcessOptions = {}): ServiceManager {
    const life = new Life(options.dies ?? Infinity);
    const stores = { store: (name: string) => mortal(this.tide.store(name), life, UNCOUNTED) };
    const tide = new Proxy(this.tide, { get: (target, name) => (name === "store" ? stores.store : bound(target, name)) });
    const tables = { table: (kind: "service") => mortal<Table<ServiceData>>(this.entities.table(kind), life) };
    const entities = mortal(this.entities, life);
    const manager = new ServiceManager({
      entities: new Proxy(entities, { get: (target, name) => (name === "table" ? tables.table : bound(target, name)) }),
      vault: this.#vault,
      ports: mortal(this.ports, life),
      engine: mortal<Engine>(this.engine, life),
      edge: mortal<Switch>(this.edge, life),
      tide: () => tide,
      keys: this.#keys,
      instance: `process-${this.#managers.length}`,
      leads: () => options.leads ?? true,
      onTrouble: (_component, message) => void this.troubles.push(message),
      ...(options.leaseTtl === undefined ? {} : { leaseTtl: options.leaseTtl }),
    });
    this.#managers.push(manager);
    return manager;
  }

  async started(options: ProcessOptions = {}): Promise<ServiceManager> {
    const manager = this.manager(options);
    await manager.part.start(new AbortController().signal);
    return manager;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.part.stop(new AbortController().signal)));
    await this.entities.stop();
    await this.tide.close({ deadline: 500 });
    await this.redis.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

// Private

/** Asking whether it still has the lease is no step. */
const UNCOUNTED: ReadonlySet<string> = new Set(["run", "whenUp", "close", "ask", "call"]);

class Life {
  #left: number;

  constructor(calls: number) {
    this.#left = calls;
  }

  check(name: string, uncounted: ReadonlySet<string>): void {
    if (this.#left <= 0) throw new Error(`the process died before ${name}`);
    if (!uncounted.has(name)) this.#left -= 1;
  }
}

function mortal<T extends object>(target: T, life: Life, uncounted: ReadonlySet<string> = new Set()): T {
  return new Proxy(target, {
    get(real, name) {
      const value: unknown = bound(real, name);
      if (typeof value !== "function" || name === "close") return value;
      return (...args: unknown[]): unknown => {
        life.check(String(name), uncounted);
        return (value as (...given: unknown[]) => unknown)(...args);
      };
    },
  });
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
}
