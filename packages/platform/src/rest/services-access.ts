/**
 * What stands before each change of a service: whose it is, and the version the caller has seen. `If-Match` is optional: two operations on a
 * service never overlap anyway.
 */
import { GatewayError, RESERVED_NAMES, type Entity, type Services } from "@tidegate/gateway";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Identity } from "../auth/auth.ts";
import { Refusal } from "../auth/refusal.ts";
import { demandOwn } from "../auth/scopes.ts";
import type { Resource } from "../gateway-contract.ts";

interface Acting {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly identity: Identity | null;
}

/** Who acts. Open routes do not come here. */
export function actor({ identity }: Pick<Acting, "identity">): string {
  return identity?.subject ?? "unknown";
}

/** `entity` may be changed by the caller, in the version the caller knows; answers who that is. */
export function allowChange(entity: Entity<{ readonly owner: string }>, call: Acting, resource: Resource = "services"): string {
  if (call.identity !== null) demandOwn(call.identity, resource, entity.data.owner, entity.name);
  const expected = call.request.headers["if-match"];
  if (expected !== undefined && expected.trim() !== "*" && !matches(expected, entity.version)) throw changed(entity, expected);
  return actor(call);
}

export async function allowChangeOf(services: Services, name: string, call: Acting): Promise<string> {
  return allowChange(await services.get(name), call);
}

/** Of a new service: paths of this interface that are no service. */
export function refuseReserved(name: unknown): void {
  if (typeof name !== "string" || !RESERVED_NAMES.has(name)) return;
  throw new GatewayError("INVALID_NAME", `${name} cannot be the name of a service: it is a path of this interface.`, {
    hint: `Not allowed: ${[...RESERVED_NAMES].join(", ")}.`,
  });
}

// Private

function matches(expected: string, version: number): boolean {
  return expected.split(",").some((one) => one.trim().replace(/^W\//, "") === `"${version}"`);
}

function changed({ name, version }: Entity<unknown>, expected: string): Refusal {
  return new Refusal(412, "VERSION_CONFLICT", `${name} is at version ${version}, not at ${expected.slice(0, 40)}: somebody changed it.`, {
    hint: "Read it again and send the change with its new ETag.",
  });
}
