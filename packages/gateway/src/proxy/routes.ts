/**
 * Routes: which paths go elsewhere than their host's target. Two that could never be told apart are refused, over all there are at the moment;
 * should two be made at the same time, their ids decide.
 */
import { GatewayError } from "../errors.ts";
import { relationsAmong, type RouteRelation } from "../routes/all-conflicts.ts";
import { checkRoute } from "../routes/check-route.ts";
import { checkConflicts } from "../routes/conflicts.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import type { Table } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import { isRecord } from "../store/portable.ts";
import { withoutPlainSecrets } from "./access-secrets.ts";
import { toldOfRoute } from "./events.ts";
import { stillNamed, usersOfRoute, warningsOfRoute } from "./references.ts";
import { checkRouteId, isRouteId, routeIdFor } from "./route-id.ts";
import type { Changed, ProxyDeps } from "./targets.ts";

export class Routes {
  readonly #deps: ProxyDeps;

  constructor(deps: ProxyDeps) {
    this.#deps = deps;
  }

  async list(options: { readonly owner?: string } = {}): Promise<Entity<RouteData>[]> {
    const all = await this.#table().list();
    return options.owner === undefined ? all : all.filter(({ data }) => data.owner === options.owner);
  }

  /** How each stands to others, where they are in each other's way. */
  async relations(): Promise<ReadonlyMap<string, readonly RouteRelation[]>> {
    return relationsAmong(await this.#table().list());
  }

  /** UNKNOWN_ROUTE. */
  async get(id: string): Promise<Entity<RouteData>> {
    const entity = isRouteId(id) ? await this.#table().get(id) : null;
    if (entity !== null) return entity;
    throw new GatewayError("UNKNOWN_ROUTE", `There is no route ${JSON.stringify(id.slice(0, 80))}.`, {
      hint: "See all: tidegate route ls",
    });
  }

  /** Without an id one is made from the path. NAME_TAKEN, ROUTE_CONFLICT. */
  async create(given: string | null, request: unknown, by: string): Promise<Changed<RouteData>> {
    const all = await this.#table().list();
    const path = isRecord(request) ? request["path_pattern"] : undefined;
    const id = given === null ? routeIdFor(path, new Set(all.map(({ name }) => name))) : checkRouteId(given);
    const data = await this.#checked(id, request, null, by);
    checkConflicts(id, data, all);
    return await this.#done(await this.#table().create(id, data, by, toldOfRoute("route_created", id, data)));
  }

  /** Only the given fields change. VERSION_CONFLICT where somebody was faster; ROUTE_CONFLICT. */
  async update(before: Entity<RouteData>, request: unknown, by: string): Promise<Changed<RouteData>> {
    const data = await this.#checked(before.name, request, before.data, by);
    checkConflicts(before.name, data, await this.#table().list());
    return await this.#done(await this.#table().put(before, data, by, toldOfRoute("route_updated", before.name, data)));
  }

  /** STILL_NAMED by the lists of targets without `force`. */
  async remove(before: Entity<RouteData>, by: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const users = force ? [] : usersOfRoute(before.name, await this.#deps.entities.table<TargetData>("target").list());
    if (users.length > 0) throw stillNamed(`The route ${before.name}`, users, "Take it out of their lists first, or delete it with force.");
    await this.#table().remove(before, by, toldOfRoute("route_deleted", before.name, before.data));
    await this.#deps.edge.whenServed();
  }

  async warnings({ data }: Entity<RouteData>): Promise<string[]> {
    return await warningsOfRoute(this.#deps.entities, data);
  }

  // Private

  #table(): Table<RouteData> {
    return this.#deps.entities.table("route");
  }

  async #checked(id: string, request: unknown, before: RouteData | null, by: string): Promise<RouteData> {
    const clean = await withoutPlainSecrets(request, before?.access ?? null, { kind: "route", name: id }, this.#deps.vault);
    return checkRoute(id, clean, before, before?.owner ?? by);
  }

  async #done(entity: Entity<RouteData>): Promise<Changed<RouteData>> {
    const [served, warnings] = await Promise.all([this.#deps.edge.whenServed(), this.warnings(entity)]);
    return { entity, served, warnings };
  }
}
