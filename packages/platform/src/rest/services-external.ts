/** Services that run elsewhere: a name for a URL. */
import type { ExternalServices, Proxies } from "@tidegate/gateway";
import { Refusal } from "../auth/refusal.ts";
import { removal } from "./proxy-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { actor, allowChange } from "./services-access.ts";
import { etag } from "./services-done.ts";
import * as schemas from "./services-schemas.ts";
import { externalAnswer } from "./services-view.ts";

export function externalRoutes(externals: ExternalServices, proxies: Proxies): readonly Route[] {
  return [list(externals), register(externals), get(externals), change(externals), remove(externals, proxies)];
}

// Private

const PATH = "/api/v1/services/external";
const tag = "services";

function list(externals: ExternalServices): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "External services.",
    answer: schemas.externals,
    handle: async () => ({ items: (await externals.list()).map(externalAnswer) }),
  });
}

function register(externals: ExternalServices): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    summary: "Give a URL a name.",
    status: 201,
    body: schemas.externalRequest,
    answer: schemas.external,
    async handle(call) {
      const { service_name, ...request } = call.body;
      if (typeof service_name !== "string") throw nameless();
      const entity = await externals.register(service_name, request, actor(call));
      etag(call.reply, entity);
      return externalAnswer(entity);
    },
  });
}

function get(externals: ExternalServices): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}`,
    tag,
    summary: "One external service.",
    params: schemas.named,
    answer: schemas.external,
    async handle({ params, reply }) {
      const entity = await externals.get(params.name);
      etag(reply, entity);
      return externalAnswer(entity);
    },
  });
}

function change(externals: ExternalServices): Route {
  return route({
    method: "PUT",
    path: `${PATH}/{name}`,
    tag,
    summary: "Change the given fields.",
    params: schemas.named,
    body: schemas.externalRequest.omit({ service_name: true }),
    answer: schemas.external,
    async handle(call) {
      const { name } = call.params;
      const by = allowChange(await externals.get(name), call);
      const entity = await externals.update(name, call.request.body, by);
      etag(call.reply, entity);
      return externalAnswer(entity);
    },
  });
}

function remove(externals: ExternalServices, proxies: Proxies): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{name}`,
    tag,
    summary: "Forget an external service.",
    params: schemas.named,
    query: removal,
    status: 204,
    answer: null,
    async handle(call) {
      const { name } = call.params;
      const by = allowChange(await externals.get(name), call);
      if (!call.query.force) await proxies.refuseUsersOf(name);
      await externals.remove(name, by);
      return call.reply.send();
    },
  });
}

function nameless(): Refusal {
  return new Refusal(400, "INVALID_REQUEST", "service_name: is missing; it must be a text.");
}
