/** Services: containers that Tidegate makes, replaces without a gap, and removes; and what lies elsewhere and has only a name here. */
import type { Proxies, ServiceData, Services } from "@tidegate/gateway";
import { z } from "zod";
import { demand } from "../auth/scopes.ts";
import { autoProxyAnswer, autoProxyOf, proxy, targetsToRemove } from "./proxy-service.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { actRoutes } from "./services-acts.ts";
import { actor, allowChange, allowChangeOf, refuseReserved } from "./services-access.ts";
import { doneAnswer, etag } from "./services-done.ts";
import { externalRoutes } from "./services-external.ts";
import { servicePortRoutes } from "./services-ports.ts";
import * as schemas from "./services-schemas.ts";
import { serviceAnswer } from "./services-view.ts";
import { watchRoutes } from "./services-watch.ts";

export function serviceRoutes(services: Services, proxies: Proxies): readonly Route[] {
  return [
    list(services),
    create(services, proxies),
    unified(services),
    ...externalRoutes(services.external, proxies),
    cleanUp(services),
    get(services),
    change(services, "PUT"),
    change(services, "PATCH"),
    remove(services, proxies),
    proxy(services, proxies),
    ...actRoutes(services),
    ...watchRoutes(services),
    ...servicePortRoutes(services),
    revisions(services),
  ];
}

// Private

const PATH = "/api/v1/services";
const tag = "services";

function list(services: Services): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All services, also without Docker.",
    query: z.object({ owned_only: schemas.off.describe("Only what you created.") }),
    answer: schemas.services,
    async handle(call) {
      const items = await services.list(call.query.owned_only ? { owner: actor(call) } : {});
      const { info, problem } = services.engine();
      const docker = { available: info !== null, version: info?.version ?? null, problem };
      return { items: items.map(serviceAnswer), docker };
    },
  });
}

function create(services: Services, proxies: Proxies): Route {
  return route({
    method: "POST",
    path: PATH,
    waits: true,
    tag,
    summary: "Make a service: image or build, ports, container, and traffic once it is healthy. A failure leaves nothing behind.",
    status: 201,
    query: schemas.creation,
    body: schemas.createRequest,
    answer: schemas.done,
    async handle(call) {
      const { wait } = call.query;
      // As it was sent: the gateway judges every field, also those a schema would drop.
      const { auto_proxy: given = call.query.auto_proxy, ...request } = call.request.body as Record<string, unknown>;
      const { service_name: name } = request;
      refuseReserved(name);
      const host = autoProxyOf(given, name);
      if (host !== null && call.identity !== null) demand(call.identity, { resource: "proxy", level: "write" });
      const done = await services.create(request, actor(call), { wait, ...(host === null ? {} : { autoProxy: host }) });
      const answer = doneAnswer(call.reply, done, wait);
      const served = host === null ? null : await autoProxyAnswer(proxies, host);
      return served === null ? answer : { ...answer, proxy: served };
    },
  });
}

function get(services: Services): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}`,
    tag,
    summary: "One service.",
    params: schemas.named,
    answer: schemas.service,
    async handle({ params, reply }) {
      const entity = await services.get(params.name);
      etag(reply, entity);
      return serviceAnswer(entity);
    },
  });
}

function change(services: Services, method: "PUT" | "PATCH"): Route {
  return route({
    method,
    path: `${PATH}/{name}`,
    waits: true,
    tag,
    summary: "Deploy the given fields: a new container beside the old one, which serves until the new one is healthy. Others stay.",
    params: schemas.named,
    query: schemas.wait,
    body: schemas.updateRequest,
    answer: schemas.done,
    async handle(call) {
      const { name } = call.params;
      const { wait } = call.query;
      const by = await allowChangeOf(services, name, call);
      return doneAnswer(call.reply, await services.update(name, call.request.body, by, { wait }), wait);
    },
  });
}

function remove(services: Services, proxies: Proxies): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{name}`,
    waits: true,
    tag,
    summary: "Remove a service, its container and its ports; with `volumes` also its data.",
    params: schemas.named,
    query: schemas.wait.extend({
      force: schemas.off.describe("Also while it runs."),
      volumes: schemas.off.describe("Its volumes as well; they cannot be brought back."),
      delete_proxy: schemas.off.describe("All proxy targets that lead to it as well; the one of its `auto_proxy` goes anyway."),
    }),
    status: 204,
    answer: null,
    async handle(call) {
      const { name } = call.params;
      const { wait, force, volumes } = call.query;
      const service = await services.get(name);
      const by = allowChange(service, call);
      const removeTargets = await targetsToRemove(proxies, service, call);
      await services.delete(name, by, { wait, force, volumes });
      await removeTargets();
      return call.reply.code(wait ? 204 : 202).send();
    },
  });
}

function unified(services: Services): Route {
  return route({
    method: "GET",
    path: `${PATH}/unified`,
    tag,
    summary: "Containers and external services in one list.",
    query: z.object({ service_type: z.enum(["docker", "external", "all"]).default("all") }),
    answer: schemas.unified,
    async handle({ query }) {
      return { items: await services.unified(query.service_type === "all" ? undefined : query.service_type) };
    },
  });
}

function cleanUp(services: Services): Route {
  return route({
    method: "POST",
    path: `${PATH}/cleanup`,
    waits: true,
    tag,
    scope: { resource: "services", level: "admin" },
    summary: "Remove containers of ours that belong to no service, and ports nobody has.",
    query: z.object({ dry_run: schemas.off.describe("Only say what would be removed.") }),
    answer: schemas.cleanUp,
    async handle(call) {
      const { dry_run } = call.query;
      return { dry_run, ...(await services.cleanUp(actor(call), { dryRun: dry_run })) };
    },
  });
}

function revisions(services: Services): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}/revisions`,
    tag,
    summary: "What it was, newest first; also of services that are gone.",
    params: schemas.named,
    answer: schemas.revisions,
    async handle({ params }) {
      const found = await services.revisions(params.name);
      return {
        items: found.map(({ data, ...revision }) =>
          data === undefined || data === null ? revision : { ...revision, data: shown(revision, data) },
        ),
        next: null,
      };
    },
  });
}

function shown({ name, version, at }: { name: string; version: number; at: number }, data: ServiceData): unknown {
  return serviceAnswer({ name, version, created_at: at, updated_at: at, data });
}
