/** Routes: paths that go elsewhere than their host's target. At the earlier systems' paths. */
import type { Changed, Entity, Proxies, RouteData } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import type { ProxyRouteDoneAnswer } from "../contract.ts";
import { formatQuery, formattedRoutes, MEDIA_TYPES } from "./proxy-list.ts";
import * as schemas from "./proxy-schemas.ts";
import { routeAnswer } from "./proxy-view.ts";
import { route } from "./route.ts";
import type { Call, Route } from "./route.ts";
import { actor, allowChange } from "./services-access.ts";
import { etag } from "./services-done.ts";

export function pathRoutes(proxies: Proxies): readonly Route[] {
  return [list(proxies), asText(proxies), create(proxies), get(proxies), change(proxies, "PUT"), change(proxies, "PATCH"), remove(proxies)];
}

// Private

const PATH = "/api/v1/routes";
const tag = "routes";

function list({ routes }: Proxies): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All routes, each with others that are in its way.",
    query: schemas.ownedOnly,
    answer: schemas.routes,
    async handle(call) {
      const [found, relations] = await Promise.all([routes.list(call.query.owned_only ? { owner: actor(call) } : {}), routes.relations()]);
      return { items: found.map((entity) => ({ ...routeAnswer(entity), conflicts: relations.get(entity.name) ?? [] })) };
    },
  });
}

function asText({ routes }: Proxies): Route {
  return route({
    method: "GET",
    path: `${PATH}/formatted`,
    tag,
    summary: "All routes as a table, JSON or CSV.",
    query: formatQuery,
    answer: null,
    handle: async ({ query: { format }, reply }) =>
      reply.type(MEDIA_TYPES[format]).send(formattedRoutes((await routes.list()).map(routeAnswer), format)),
  });
}

function create({ routes }: Proxies): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    summary: "Send a path elsewhere, for every host name or for some.",
    status: 201,
    body: schemas.createRoute,
    answer: schemas.routeDone,
    async handle(call) {
      // As it was sent: the gateway judges every field, also those a schema would drop.
      const { route_id: id = null, ...request } = call.request.body as Record<string, unknown>;
      const changed = await routes.create(id as string | null, request, actor(call));
      call.reply.header("Location", `${PATH}/${changed.entity.name}`);
      return done(call.reply, changed);
    },
  });
}

function get({ routes }: Proxies): Route {
  return route({
    method: "GET",
    path: `${PATH}/{id}`,
    tag,
    summary: "One route.",
    params: schemas.routeId,
    answer: schemas.oneRoute,
    async handle({ params, reply }) {
      const entity = await routes.get(params.id);
      etag(reply, entity);
      return routeAnswer(entity);
    },
  });
}

function change(proxies: Proxies, method: "PUT" | "PATCH"): Route {
  return route({
    method,
    path: `${PATH}/{id}`,
    tag,
    summary: "Change the given fields; others stay. No connection is cut by it.",
    params: schemas.routeId,
    body: schemas.changeRoute,
    answer: schemas.routeDone,
    async handle(call) {
      const { before, by } = await allowed(proxies, call);
      return done(call.reply, await proxies.routes.update(before, call.request.body, by));
    },
  });
}

function remove(proxies: Proxies): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{id}`,
    tag,
    summary: "Remove a route.",
    params: schemas.routeId,
    query: schemas.removal,
    status: 204,
    answer: null,
    async handle(call) {
      const { before, by } = await allowed(proxies, call);
      await proxies.routes.remove(before, by, call.query);
      return call.reply.send();
    },
  });
}

async function allowed(
  { routes }: Proxies,
  call: Call<{ readonly id: string }, unknown, unknown>,
): Promise<{ readonly before: Entity<RouteData>; readonly by: string }> {
  const before = await routes.get(call.params.id);
  return { before, by: allowChange(before, call, "routes") };
}

function done(reply: FastifyReply, { entity, served, warnings }: Changed<RouteData>): ProxyRouteDoneAnswer {
  etag(reply, entity);
  return { ...routeAnswer(entity), served, warnings };
}
