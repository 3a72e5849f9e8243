/** What services and proxy targets have to do with each other: a host name for a service, and what is deleted with it. */
import { isOwnTarget, type Entity, type Proxies, type ServiceData, type Services, type TargetData } from "@tidegate/gateway";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Identity } from "../auth/auth.ts";
import { Refusal } from "../auth/refusal.ts";
import { demandOwn } from "../auth/scopes.ts";
import type { ServiceProxyAnswer } from "../contract.ts";
import * as schemas from "./proxy-schemas.ts";
import { doneAnswer, PROXY } from "./proxy-target.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { actor } from "./services-access.ts";
import { named } from "./services-schemas.ts";

export function proxy(services: Services, proxies: Proxies): Route {
  return route({
    method: "POST",
    path: "/api/v1/services/{name}/proxy",
    tag: "services",
    scope: { resource: "proxy", level: "write" },
    summary: "Serve a host name from this service. The body may hold any other field of a target.",
    params: named,
    query: z.object({
      hostname: z.string().min(1).max(255).describe("As app.example."),
      enable_https: z.exactOptional(z.enum(["true", "false"])).describe("Serve it on the HTTPS port too."),
    }),
    body: schemas.changeTarget.optional(),
    status: 201,
    answer: schemas.targetDone,
    async handle(call) {
      const { hostname, enable_https: secure } = call.query;
      const { name } = await anyService(services, call.params.name);
      const more = { ...(call.request.body as object | undefined), ...(secure === undefined ? {} : { enable_https: secure === "true" }) };
      const changed = await proxies.targets.create(hostname, { ...more, target_url: `service:${name}` }, actor(call));
      call.reply.header("Location", `${PROXY}/targets/${encodeURIComponent(changed.entity.name)}`);
      return await doneAnswer(proxies, call.reply, changed);
    },
  });
}

interface Removing {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly identity: Identity | null;
  readonly query: { readonly force: boolean; readonly delete_proxy: boolean };
}

/**
 * Before a service goes: nothing may still lead to it, unless it goes too or nobody minds (`force`). The target it was made with always goes too, by
 * itself; others with `delete_proxy`. All of those must be the caller's.
 */
export async function targetsToRemove(proxies: Proxies, service: Entity<ServiceData>, call: Removing): Promise<() => Promise<void>> {
  const { force, delete_proxy: all } = call.query;
  if (force && !all && service.data.auto_proxy === undefined) return () => Promise.resolve();
  const users = await proxies.usersOf(service.name);
  const targets = await Promise.all(users.filter(({ kind }) => kind === "target").map(({ name }) => proxies.targets.get(name)));
  const along = targets.filter((target) => all || isOwnTarget(target, service));
  if (!force) await proxies.refuseUsersOf(service.name, along);
  for (const target of along) demandOwner(call.identity, target);
  return async () => {
    for (const target of along.filter((one) => !isOwnTarget(one, service)))
      await proxies.targets.remove(target, actor(call), { force: true });
  };
}

/** `auto_proxy` of a request, beside it or in it: null where no host name is to be served, `<service>.localhost` where none is said. */
export function autoProxyOf(given: unknown, service: unknown): string | null {
  if (given === undefined || given === null || given === false || given === "false") return null;
  if (given === true || given === "true") return typeof service === "string" ? `${service}.localhost` : null;
  if (typeof given === "string") return given;
  throw new Refusal(
    400,
    "INVALID_REQUEST",
    `auto_proxy: must be true or a host name as app.example, not ${JSON.stringify(given).slice(0, 80)}.`,
  );
}

/** The target a service was just made with, as a person must know it. Null: it is gone already, as with a creation that failed meanwhile. */
export async function autoProxyAnswer(proxies: Proxies, host: string): Promise<ServiceProxyAnswer | null> {
  const target = await proxies.targets.get(host).catch(() => null);
  if (target === null) return null;
  const [[standing], warnings] = await Promise.all([proxies.standings([target]), proxies.targets.warnings(target)]);
  return { hostname: target.name, urls: [...(standing?.urls ?? [])], warnings };
}

// Private

function demandOwner(identity: Identity | null, { name, data }: Entity<TargetData>): void {
  if (identity !== null) demandOwn(identity, "proxy", data.owner, `The target ${name}`);
}

/** A container or an external one; the error of a missing one is that of containers. */
async function anyService(services: Services, name: string): Promise<{ readonly name: string }> {
  const external = (await services.external.list()).find((one) => one.name === name);
  return external ?? (await services.get(name));
}
