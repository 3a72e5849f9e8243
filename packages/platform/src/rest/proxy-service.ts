/** What services and proxy targets have to do with each other: a host name for a service, and what is deleted with it. */
import type { Entity, Proxies, Services, TargetData } from "@tidegate/gateway";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Identity } from "../auth/auth.ts";
import { demandOwn } from "../auth/scopes.ts";
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

/** Before a service goes: nothing may still lead to it, unless it goes too (`delete_proxy`, then all must be the caller's) or nobody minds (`force`). */
export async function targetsToRemove(proxies: Proxies, service: string, call: Removing): Promise<() => Promise<void>> {
  const { force, delete_proxy: along } = call.query;
  if (!force) await proxies.refuseUsersOf(service, along ? ["route"] : ["route", "target"]);
  if (!along) return () => Promise.resolve();
  const users = await proxies.usersOf(service);
  const targets = await Promise.all(users.filter(({ kind }) => kind === "target").map(({ name }) => proxies.targets.get(name)));
  for (const target of targets) demandOwner(call.identity, target);
  return async () => {
    for (const target of targets) await proxies.targets.remove(target, actor(call), { force: true });
  };
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
