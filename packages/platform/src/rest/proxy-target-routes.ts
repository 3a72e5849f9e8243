/** Which routes apply to a target: all but some, only some, or none. */
import type { Entity, Proxies, TargetData } from "@tidegate/gateway";
import type { ProxyTargetRoutesAnswer } from "../contract.ts";
import * as schemas from "./proxy-schemas.ts";
import { allowedTarget, PROXY } from "./proxy-target.ts";
import { routeAnswer } from "./proxy-view.ts";
import { route } from "./route.ts";
import type { Call, Route } from "./route.ts";
import { etag } from "./services-done.ts";

export function listRoutes(proxies: Proxies): readonly Route[] {
  return [get(proxies), set(proxies), turn(proxies, "enable"), turn(proxies, "disable")];
}

// Private

const PATH = `${PROXY}/targets/{host}/routes`;
const shared = { tag: "proxy", answer: schemas.appliedRoutes } as const;

function get(proxies: Proxies): Route {
  return route({
    ...shared,
    method: "GET",
    path: PATH,
    summary: "The routes of a host name, in the order they are tried.",
    params: schemas.hostName,
    async handle({ params, reply }) {
      const entity = await proxies.targets.get(params.host);
      etag(reply, entity);
      return await answer(proxies, entity);
    },
  });
}

function set(proxies: Proxies): Route {
  return route({
    ...shared,
    method: "PUT",
    path: PATH,
    summary: "all: every route but `disabled_routes`; selective: only `enabled_routes`; none.",
    params: schemas.hostName,
    body: schemas.targetRoutes,
    handle: (call) => change(proxies, call, () => call.request.body as object),
  });
}

function turn(proxies: Proxies, verb: "enable" | "disable"): Route {
  return route({
    ...shared,
    method: "POST",
    path: `${PATH}/{id}/${verb}`,
    summary: verb === "enable" ? "The route applies to this host name." : "The route does not apply to this host name.",
    params: schemas.hostAndRoute,
    async handle(call) {
      const { id } = call.params;
      if (verb === "enable") await proxies.routes.get(id);
      return await change(proxies, call, ({ enabled_routes: on, disabled_routes: off }) => ({
        enabled_routes: verb === "enable" ? [...without(on, id), id] : without(on, id),
        disabled_routes: verb === "disable" ? [...without(off, id), id] : without(off, id),
      }));
    },
  });
}

async function change(
  proxies: Proxies,
  call: Call<{ readonly host: string }, unknown, unknown>,
  request: (data: TargetData) => object,
): Promise<ProxyTargetRoutesAnswer> {
  const { before, by } = await allowedTarget(proxies, call);
  const { entity } = await proxies.targets.update(before, request(before.data), by);
  etag(call.reply, entity);
  return await answer(proxies, entity);
}

async function answer(proxies: Proxies, target: Entity<TargetData>): Promise<ProxyTargetRoutesAnswer> {
  const { route_mode, enabled_routes, disabled_routes } = target.data;
  const routes = (await proxies.routesOf(target)).map(routeAnswer);
  return { hostname: target.name, route_mode, enabled_routes, disabled_routes, routes };
}

function without(ids: readonly string[], id: string): string[] {
  return ids.filter((one) => one !== id);
}
