/** Proxy targets: which host names are served, and where their requests go. At the earlier systems' paths. */
import type { Proxies } from "@tidegate/gateway";
import { createRoute } from "./proxy-create.ts";
import { formattedTargets, formatQuery, MEDIA_TYPES } from "./proxy-list.ts";
import * as schemas from "./proxy-schemas.ts";
import { allowedTarget, doneAnswer, oneAnswer, PROXY, targetAnswers } from "./proxy-target.ts";
import { removeRoute } from "./proxy-remove.ts";
import { accessRoutes } from "./proxy-access.ts";
import { modeRoutes } from "./proxy-modes.ts";
import { listRoutes } from "./proxy-target-routes.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { actor } from "./services-access.ts";

export function proxyRoutes(proxies: Proxies): readonly Route[] {
  return [
    list(proxies),
    asText(proxies),
    createRoute(proxies),
    get(proxies),
    change(proxies, "PUT"),
    change(proxies, "PATCH"),
    removeRoute(proxies),
    ...accessRoutes(proxies),
    ...listRoutes(proxies),
    ...modeRoutes(proxies),
    explain(proxies),
  ];
}

// Private

const PATH = `${PROXY}/targets`;
const tag = "proxy";

function list(proxies: Proxies): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All proxy targets.",
    query: schemas.ownedOnly,
    answer: schemas.targets,
    async handle(call) {
      const found = await proxies.targets.list(call.query.owned_only ? { owner: actor(call) } : {});
      return { items: await targetAnswers(proxies, found) };
    },
  });
}

function asText(proxies: Proxies): Route {
  return route({
    method: "GET",
    path: `${PATH}/formatted`,
    tag,
    summary: "All proxy targets as a table, JSON or CSV.",
    query: formatQuery,
    answer: null,
    handle: async ({ query: { format }, reply }) =>
      reply.type(MEDIA_TYPES[format]).send(formattedTargets(await targetAnswers(proxies, await proxies.targets.list()), format)),
  });
}

function get(proxies: Proxies): Route {
  return route({
    method: "GET",
    path: `${PATH}/{host}`,
    tag,
    summary: "One proxy target.",
    params: schemas.hostName,
    answer: schemas.target,
    handle: async ({ params, reply }) => await oneAnswer(proxies, reply, await proxies.targets.get(params.host)),
  });
}

function change(proxies: Proxies, method: "PUT" | "PATCH"): Route {
  return route({
    method,
    path: `${PATH}/{host}`,
    tag,
    summary: "Change the given fields; others stay. No connection is cut by it.",
    params: schemas.hostName,
    body: schemas.changeTarget,
    answer: schemas.targetDone,
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      return await doneAnswer(proxies, call.reply, await proxies.targets.update(before, call.request.body, by));
    },
  });
}

function explain(proxies: Proxies): Route {
  return route({
    method: "GET",
    path: `${PROXY}/explain`,
    tag,
    summary: "Which target and route a request would take, and why not the others.",
    query: schemas.question,
    answer: schemas.explanation,
    handle: ({ query }) => proxies.explain(query),
  });
}
