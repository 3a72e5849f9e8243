/** The control side of the HTTP edge: targets, routes, which of them a URL takes and why, and what hangs on a service. */
import type { Certificates } from "../certificates/certificates.ts";
import { NOTHING } from "../edge/config/known.ts";
import { compileUsable } from "../edge/config/usable.ts";
import type { EdgeWorkers } from "../edge/table.ts";
import { explain, type Asked, type Explanation } from "../routes/explain.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import { compileTable } from "../routes/table.ts";
import type { Entities } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { EdgeView, type Standing } from "./edge-view.ts";
import { HostCertificates } from "./host-certificate.ts";
import { stillNamed, usersOfService, type User } from "./references.ts";
import { Routes } from "./routes.ts";
import { Targets } from "./targets.ts";

export interface ProxiesDeps {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly edge: EdgeWorkers;
  readonly certificates: Pick<Certificates, "list" | "check" | "request">;
}

export class Proxies {
  readonly targets: Targets;
  readonly routes: Routes;
  /** Those that are ordered with their host. */
  readonly certificates: HostCertificates;
  readonly #edge: EdgeView;

  constructor({ edge, certificates, ...given }: ProxiesDeps) {
    this.#edge = new EdgeView(edge);
    this.certificates = new HostCertificates(certificates);
    const deps = { ...given, edge: this.#edge, certificates: this.certificates };
    this.targets = new Targets(deps);
    this.routes = new Routes(deps);
  }

  /** Which target and route a request takes, and why not the others. */
  async explain(asked: Asked): Promise<Explanation> {
    return explain(served(...(await this.#all())), asked);
  }

  /** How each of them stands with the edge now, in their order: where it is reached (nowhere without a live worker), and what fails. */
  async standings(targets: readonly Entity<TargetData>[]): Promise<Standing[]> {
    return await this.#edge.standings(targets);
  }

  /** The routes that apply to a target, in the order they are tried. */
  async routesOf(target: Entity<TargetData>): Promise<Entity<RouteData>[]> {
    const { targets, routes } = served([target], await this.routes.list());
    const table = compileTable({ targets, routes });
    const byName = new Map(routes.map((route) => [route.name, route]));
    return table.routes.filter((route) => table.applies(route, target)).flatMap(({ name }) => byName.get(name) ?? []);
  }

  /** Targets and routes that lead to a service. */
  async usersOf(service: string): Promise<readonly User[]> {
    return usersOfService(service, ...(await this.#all()));
  }

  /** STILL_NAMED where there are some. `along`: targets that go with it. */
  async refuseUsersOf(service: string, along: readonly Entity<TargetData>[] = []): Promise<void> {
    const going = new Set(along.map(({ name }) => name));
    const users = (await this.usersOf(service)).filter(({ kind, name }) => kind !== "target" || !going.has(name));
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

// Private

interface Served {
  readonly targets: readonly Entity<TargetData>[];
  readonly routes: readonly Entity<RouteData>[];
}

/** As the edge does: without what cannot be served as it is stored. */
function served(targets: readonly Entity<TargetData>[], routes: readonly Entity<RouteData>[]): Served {
  const named = <T>(all: readonly Entity<T>[]): ReadonlyMap<string, Entity<T>> => new Map(all.map((one) => [one.name, one]));
  const entities = { ...NOTHING.entities, target: named(targets), route: named(routes) };
  const left = new Set(compileUsable({ ...NOTHING, entities }).faults.map(({ kind, name }) => `${kind} ${name}`));
  const isIn = ({ kind, name }: Entity<unknown>): boolean => !left.has(`${kind} ${name}`);
  return { targets: targets.filter(isIn), routes: routes.filter(isIn) };
}
