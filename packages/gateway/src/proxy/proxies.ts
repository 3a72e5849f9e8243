/** The control side of the HTTP edge: targets, routes, which of them a URL takes and why, and what hangs on a service. */
import type { EdgeWorkers } from "../edge/table.ts";
import { explain, type Asked, type Explanation } from "../routes/explain.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import { compileTable } from "../routes/table.ts";
import type { Entities } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { EdgeView, urlsOf } from "./edge-view.ts";
import { stillNamed, usersOfService, type User } from "./references.ts";
import { Routes } from "./routes.ts";
import { Targets } from "./targets.ts";

export interface ProxiesDeps {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly edge: EdgeWorkers;
}

export class Proxies {
  readonly targets: Targets;
  readonly routes: Routes;
  readonly #edge: EdgeView;

  constructor({ edge, ...deps }: ProxiesDeps) {
    this.#edge = new EdgeView(edge);
    this.targets = new Targets({ ...deps, edge: this.#edge });
    this.routes = new Routes({ ...deps, edge: this.#edge });
  }

  /** Which target and route a request takes, and why not the others. */
  async explain(asked: Asked): Promise<Explanation> {
    const [targets, routes] = await this.#all();
    return explain({ targets, routes }, asked);
  }

  /** Where each of them is reached now, in their order; nowhere without a live edge worker. */
  async urls(targets: readonly Entity<TargetData>[]): Promise<string[][]> {
    const listening = await this.#edge.listening();
    return targets.map(({ name, data }) => urlsOf(name, data, listening));
  }

  /** The routes that apply to a target, in the order they are tried. */
  async routesOf(target: Entity<TargetData>): Promise<Entity<RouteData>[]> {
    const routes = await this.routes.list();
    const table = compileTable({ targets: [target], routes });
    const byName = new Map(routes.map((route) => [route.name, route]));
    return table.routes.filter((route) => table.applies(route, target)).flatMap(({ name }) => byName.get(name) ?? []);
  }

  /** Targets and routes that lead to a service. */
  async usersOf(service: string): Promise<readonly User[]> {
    return usersOfService(service, ...(await this.#all()));
  }

  /** STILL_NAMED where there are some. */
  async refuseUsersOf(service: string, kinds: readonly User["kind"][] = ["target", "route"]): Promise<void> {
    const users = (await this.usersOf(service)).filter(({ kind }) => kinds.includes(kind));
    if (users.length === 0) return;
    throw stillNamed(
      `The service ${service}`,
      users,
      "Delete those first; or the targets with it: delete_proxy (--delete-proxy); or it alone: force.",
    );
  }

  // Private

  async #all(): Promise<[Entity<TargetData>[], Entity<RouteData>[]]> {
    return await Promise.all([this.targets.list(), this.routes.list()]);
  }
}
