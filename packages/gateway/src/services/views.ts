/** What is only looked at: services as the store has them, and what their containers say. Everything that changes one is the manager's. */
import { GatewayError } from "../errors.ts";
import type { Entities, Table } from "../store/entities.ts";
import type { Entity, Revision } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { known } from "./acts.ts";
import type { ContainerStats, Engine, LogLine, LogOptions } from "./engine/engine.ts";
import { External } from "./external.ts";
import { hider } from "./secrets.ts";
import type { ExternalServices, Unified } from "./services.ts";
import type { ServiceData } from "./spec.ts";
import { unified } from "./unified.ts";

export interface ServiceViewsOptions {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly engine: Engine;
}

export class ServiceViews {
  readonly external: ExternalServices;
  readonly #options: ServiceViewsOptions;

  constructor(options: ServiceViewsOptions) {
    this.#options = options;
    this.external = new External(options.entities);
  }

  async get(name: string): Promise<Entity<ServiceData>> {
    return await known(this.#options, name);
  }

  async list(options: { readonly owner?: string } = {}): Promise<Entity<ServiceData>[]> {
    const all = await this.#table().list();
    return options.owner === undefined ? all : all.filter(({ data }) => data.owner === options.owner);
  }

  async revisions(name: string): Promise<Revision<ServiceData>[]> {
    return await this.#table().revisions(name);
  }

  async *logs(name: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine> {
    const { data } = await this.get(name);
    if (data.container === null) throw noContainer(name, data.state);
    const hide = hider(this.#options.vault, name, data.spec);
    for await (const line of this.#options.engine.logs(data.container.id, options, signal)) yield { ...line, text: hide(line.text) };
  }

  async stats(name: string): Promise<ContainerStats> {
    const { data } = await this.get(name);
    if (data.container === null || data.container.address === null) throw noContainer(name, data.state);
    return await this.#options.engine.stats(data.container.id);
  }

  async unified(type?: Unified["type"]): Promise<Unified[]> {
    return unified(await this.list(), await this.external.list(), type);
  }

  #table(): Table<ServiceData> {
    return this.#options.entities.table("service");
  }
}

// Private

function noContainer(name: string, state: ServiceData["state"]): GatewayError {
  return new GatewayError("SERVICE_STATE", `${name} is ${state} and has no container that could be asked.`);
}
