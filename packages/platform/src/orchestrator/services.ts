/**
 * What happens to services, as events: a service is whatever is supervised here (the embedded Redis, workers, the demo's services).
 * Redis remembers which have ever been, so that `service_created` is told once, and which process each was last.
 * Events are told in the order they happened and only after they did.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Reply, Store, Tide } from "@tidegate/streams";
import type { PlatformKeys } from "../redis/keys.ts";

export type ServiceKind = "redis" | "worker" | "edge" | "demo";

export interface Service {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly pid?: number;
}

/** Beyond this, events are told without knowing whether the service is new: Redis has been away for too long. */
const PATIENCE = 60_000;
const CLOSE_LIMIT = 2_000;

const FROM = { component: "orchestrator" } as const;

export class Services {
  readonly #tide: Pick<Tide, "event">;
  readonly #store: Store;
  readonly #key: string;
  #told: Promise<void> = Promise.resolve();

  /** The store is closed by `close`. */
  constructor(tide: Pick<Tide, "event" | "store">, keys: PlatformKeys) {
    this.#tide = tide;
    this.#store = tide.store("services");
    this.#key = keys.services();
  }

  started(service: Service): void {
    this.#then(async () => this.#begin(service, await this.#known(service)));
  }

  /** It runs; whether since just now or since before this process, only its pid tells. */
  runs(service: Service & { readonly pid: number }): void {
    this.#then(async () => {
      const known = await this.#known(service);
      if (known !== String(service.pid)) this.#begin(service, known);
    });
  }

  stopped({ name, kind }: Service, detail?: string): void {
    this.#then(() => this.#tide.event("service_stopped", { service: name, kind, detail }, FROM));
  }

  failed({ name, kind }: Service, error: string): void {
    this.#then(() => this.#tide.event("service_failed", { service: name, kind, error }, FROM));
  }

  /** Resolves when all has been told so far, or Redis does not let it. */
  async close(): Promise<void> {
    await Promise.race([this.#told, pause(CLOSE_LIMIT, undefined, { ref: false })]);
    this.#store.close();
  }

  #begin({ name, kind, pid }: Service, known: string | null): void {
    if (known === null) this.#tide.event("service_created", { service: name, kind }, FROM);
    this.#tide.event("service_started", { service: name, kind, pid }, FROM);
  }

  /** The pid it had last, "" if it has none, null if nobody has heard of it. */
  async #known({ name, pid }: Service): Promise<string | null> {
    await this.#store.whenUp(PATIENCE);
    const known: Reply = await this.#store.ask(["HGET", this.#key, name]);
    await this.#store.ask(["HSET", this.#key, name, pid === undefined ? "" : String(pid)]);
    return known === null ? null : String(known);
  }

  #then(tell: () => void | Promise<void>): void {
    this.#told = this.#told.then(tell).catch(() => {});
  }
}
