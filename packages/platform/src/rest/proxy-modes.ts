/** What is done to a target as it is: requests wait, or read that it is being worked on, or come in again. */
import type { Proxies } from "@tidegate/gateway";
import * as schemas from "./proxy-schemas.ts";
import { allowedTarget, doneAnswer, PROXY } from "./proxy-target.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function modeRoutes(proxies: Proxies): readonly Route[] {
  return [
    pause(proxies),
    mode(proxies, "resume", "Requests come in again."),
    maintenance(proxies),
    mode(proxies, "open", "Requests come in again."),
  ];
}

// Private

const PATH = `${PROXY}/targets/{host}`;
const shared = { method: "POST", tag: "proxy", params: schemas.hostName, answer: schemas.targetDone } as const;

function pause(proxies: Proxies): Route {
  return route({
    ...shared,
    path: `${PATH}/pause`,
    summary: "New requests wait, at most `hold` seconds, then 503; those under way go on.",
    query: schemas.pause,
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      return await doneAnswer(proxies, call.reply, await proxies.targets.update(before, { mode: "paused", ...call.query }, by));
    },
  });
}

function maintenance(proxies: Proxies): Route {
  return route({
    ...shared,
    path: `${PATH}/maintenance`,
    summary: "Every request is answered 503 with the message, until it is opened again.",
    body: schemas.maintenance.optional(),
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      const request = { ...(call.request.body as object | undefined), mode: "maintenance" };
      return await doneAnswer(proxies, call.reply, await proxies.targets.update(before, request, by));
    },
  });
}

function mode(proxies: Proxies, verb: "resume" | "open", summary: string): Route {
  return route({
    ...shared,
    path: `${PATH}/${verb}`,
    summary,
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      return await doneAnswer(proxies, call.reply, await proxies.targets.update(before, { mode: "open" }, by));
    },
  });
}
