/** Who may pass a target. Passwords are taken and never shown. */
import type { Entity, Proxies, TargetData } from "@tidegate/gateway";
import type { ProxyAuthAnswer } from "../contract.ts";
import * as schemas from "./proxy-schemas.ts";
import { allowedTarget, PROXY } from "./proxy-target.ts";
import { accessAnswer } from "./proxy-view.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { etag } from "./services-done.ts";

export function accessRoutes(proxies: Proxies): readonly Route[] {
  return [get(proxies), set(proxies), remove(proxies)];
}

// Private

const PATH = `${PROXY}/targets/{host}/auth`;
const shared = { path: PATH, tag: "proxy", params: schemas.hostName, answer: schemas.targetAuth } as const;

function get({ targets }: Proxies): Route {
  return route({
    ...shared,
    method: "GET",
    summary: "Who may pass; passwords as `***`.",
    async handle({ params, reply }) {
      const entity = await targets.get(params.host);
      etag(reply, entity);
      return authAnswer(entity);
    },
  });
}

function set(proxies: Proxies): Route {
  return route({
    ...shared,
    method: "POST",
    summary: "Say who may pass; what is left out stays. IP lists are asked first, then any one of tokens, basic and forward.",
    body: schemas.auth,
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      const changed = await proxies.targets.update(before, requestOf(call.request.body as Record<string, unknown>), by);
      etag(call.reply, changed.entity);
      return authAnswer(changed.entity);
    },
  });
}

function remove(proxies: Proxies): Route {
  return route({
    ...shared,
    method: "DELETE",
    summary: "Everybody may pass.",
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      const changed = await proxies.targets.update(before, { access: null }, by);
      etag(call.reply, changed.entity);
      return authAnswer(changed.entity);
    },
  });
}

/** The earlier systems' `auth_…` fields say the same in other words. */
function requestOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(body);
  const earlier = given.filter(([name]) => name.startsWith("auth_"));
  const access = given.filter(([name]) => !name.startsWith("auth_"));
  if (access.length === 0 && earlier.length > 0) return Object.fromEntries(earlier);
  return { ...(Object.fromEntries(earlier) as object), access: Object.fromEntries(access) };
}

function authAnswer({ name, data: { access } }: Entity<TargetData>): ProxyAuthAnswer {
  return { hostname: name, auth_enabled: access !== null, access: accessAnswer(access) };
}
