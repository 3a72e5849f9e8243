/**
 * Ports of this machine: who has which, which are free, and leasing one by hand. Ports of services are shown here and changed with their service.
 * Before `/api/v1/services/{name}`: a service cannot be called `ports`.
 */
import { GatewayError, ofService, type OwnedPort, type PortClaim, type Ports } from "@tidegate/gateway";
import type { Identity } from "../auth/auth.ts";
import { demandOwn } from "../auth/scopes.ts";
import * as schemas from "./ports-schemas.ts";
import { route } from "./route.ts";
import type { Call, Route } from "./route.ts";

export function portRoutes(ports: Ports): readonly Route[] {
  return [list(ports), available(ports), check(ports), lease(ports), release(ports), renew(ports)];
}

// Private

const PATH = "/api/v1/services/ports";
const tag = "ports";

function list(ports: Ports): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All ports that are given: to services, and leased by hand.",
    query: schemas.listQuery,
    answer: schemas.portsAnswer,
    handle: async ({ query }) => ({ items: (await ports.list(query)).map(schemas.answerOf) }),
  });
}

function available(ports: Ports): Route {
  return route({
    method: "GET",
    path: `${PATH}/available`,
    tag,
    summary: "Stretches of ports that nobody has, neither by a claim nor by listening there.",
    query: schemas.availableQuery,
    answer: schemas.rangesAnswer,
    handle: async ({ query }) => ({ items: await ports.available(query.min) }),
  });
}

function check(ports: Ports): Route {
  return route({
    method: "POST",
    path: `${PATH}/check`,
    tag,
    scope: { resource: "ports", level: "read" },
    summary: "Whether a port can be had, and else who has it. The port is in the query or in the body.",
    query: schemas.checkFields,
    body: schemas.checkFields.optional(),
    answer: schemas.checkAnswer,
    async handle({ query, body = {} }) {
      const { port, bind_address: bind, protocol } = schemas.wholeCheck.parse({ ...query, ...body });
      const { holder, ...answer } = await ports.check(port, bind, protocol);
      const known = holder.kind === "claim" || holder.kind === "process" || holder.process !== null;
      return { ...answer, holder: known ? holder.who : null };
    },
  });
}

function lease(ports: Ports): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    summary: "Lease a port by hand. The same label again is the same port, with a new end.",
    status: 201,
    body: schemas.leaseRequest,
    answer: schemas.portAnswer,
    async handle({ body, identity }) {
      const { bind_address: bind, ttl, description, ...rest } = body;
      if (ofService(body.owner)) throw reserved(body.owner);
      const more = { ...(ttl === null ? {} : { ttl }), description };
      const [claim] = await ports.claim([{ ...rest, ...more, bind, by: identity?.subject ?? "unknown" }]);
      return schemas.answerOf(claim as PortClaim);
    },
  });
}

function release(ports: Ports): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{protocol}/{port}`,
    tag,
    summary: "Give back a port that was leased by hand. Those of services are given back with their service.",
    params: schemas.place,
    query: schemas.placeQuery,
    answer: schemas.portsAnswer,
    async handle(call) {
      const claim = await leased(ports, call);
      return { items: (await ports.release(claim.owner, claim, call.identity?.subject)).map(schemas.answerOf) };
    },
  });
}

function renew(ports: Ports): Route {
  return route({
    method: "POST",
    path: `${PATH}/{protocol}/{port}/renew`,
    tag,
    summary: "A lease ends later: so many seconds from now.",
    params: schemas.place,
    query: schemas.placeQuery,
    body: schemas.renewRequest,
    answer: schemas.portAnswer,
    async handle(call) {
      const claim = await leased(ports, call);
      const [renewed] = await ports.renew(claim.owner, call.body.ttl, claim, call.identity?.subject);
      return schemas.answerOf(renewed as PortClaim);
    },
  });
}

type PlaceCall = Call<Omit<OwnedPort, "bind">, { readonly bind_address?: string }, unknown>;

/** The one claim meant, made by hand, that the caller may change. */
async function leased(ports: Ports, { params, query, identity }: PlaceCall): Promise<PortClaim> {
  const place = { ...params, ...(query.bind_address === undefined ? {} : { bind: query.bind_address }) };
  const [claim, ...others] = await ports.at(place);
  if (claim === undefined) throw nobody(place);
  if (others.length > 0) throw several(place, [claim, ...others]);
  if (ofService(claim.owner)) throw belongs(claim);
  demand(identity, claim);
  return claim;
}

function demand(identity: Identity | null, claim: PortClaim): void {
  if (identity !== null) demandOwn(identity, "ports", claim.by, nameOf(claim));
}

function reserved(owner: string): GatewayError {
  return new GatewayError("INVALID_PORT", `The label ${JSON.stringify(owner)} begins with service:, which only services have.`, {
    hint: "A port of a service is part of it: port_configs of POST /api/v1/services.",
  });
}

function nobody(place: OwnedPort): GatewayError {
  return new GatewayError("UNKNOWN_PORT", `Nobody holds ${nameOf(place)}.`, {
    hint: "See all: tidegate port ls, GET /api/v1/services/ports",
  });
}

function several(place: OwnedPort, claims: readonly PortClaim[]): GatewayError {
  const binds = claims.map(({ bind }) => bind).join(", ");
  return new GatewayError("INVALID_PORT", `${nameOf(place)} is held on several addresses: ${binds}.`, {
    hint: "Say which one: bind_address, or --bind.",
  });
}

function belongs(claim: PortClaim): GatewayError {
  const [service = "", port = ""] = claim.owner.slice("service:".length).split("/");
  return new GatewayError("PORT_TAKEN", `${nameOf(claim)} is the port ${port} of the service ${service} and is given back with it.`, {
    hint: `Look at it: tidegate service show ${service}`,
  });
}

function nameOf({ protocol, port, bind }: OwnedPort): string {
  return `${protocol}/${port}${bind === undefined ? "" : ` on ${bind}`}`;
}
