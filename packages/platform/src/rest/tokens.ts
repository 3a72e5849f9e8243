/** API tokens, at the earlier systems' paths. A secret is in the answer that makes it and in no other. */
import { z } from "zod";
import type { ApiTokens } from "../auth/api-tokens.ts";
import type { Identity } from "../auth/auth.ts";
import { Refusal } from "../auth/refusal.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { FORMATS, formatted, MEDIA_TYPES } from "./token-list.ts";
import * as schemas from "./token-schemas.ts";

export function tokenRoutes(tokens: ApiTokens): readonly Route[] {
  return [
    list(tokens),
    asText(tokens),
    create(tokens, PATH, "Make a token. The answer has its secret, which is shown only here."),
    create(tokens, `${PATH}/generate`, "The same, at the earlier systems' path."),
    info(tokens),
    ownEmail(tokens),
    show(tokens),
    change(tokens),
    reveal(tokens),
    rotate(tokens),
    revoke(tokens),
  ];
}

// Private

const PATH = "/api/v1/tokens";
const tag = "tokens";

function list({ tokens }: ApiTokens): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All tokens with what they own. The admin token is not among them.",
    query: z.object({ email: z.exactOptional(z.string().max(254).describe("Only those of this address.")) }),
    answer: schemas.tokens,
    async handle({ query: { email } }) {
      const wanted = email?.toLowerCase();
      return { items: (await tokens.list()).filter((token) => wanted === undefined || token.email?.toLowerCase() === wanted) };
    },
  });
}

function asText({ tokens }: ApiTokens): Route {
  return route({
    method: "GET",
    path: `${PATH}/formatted`,
    tag,
    summary: "All tokens as a table, JSON or CSV.",
    query: z.object({ format: z.enum(FORMATS).default("table") }),
    answer: null,
    handle: async ({ query: { format }, reply }) => reply.type(MEDIA_TYPES[format]).send(formatted(await tokens.list(), format)),
  });
}

function create({ tokens }: ApiTokens, path: string, summary: string): Route {
  return route({
    method: "POST",
    path,
    tag,
    summary,
    status: 201,
    body: schemas.creation,
    answer: schemas.newToken,
    async handle({ body: { name, ...wish }, identity, reply }) {
      const made = await tokens.create(asking(identity), name, schemas.formOf(wish, Date.now()));
      reply.header("Location", `${PATH}/${made.name}`);
      return made;
    },
  });
}

function info({ tokens }: ApiTokens): Route {
  return route({
    method: "GET",
    path: `${PATH}/info`,
    tag,
    scope: null,
    summary: "The token that asks.",
    answer: schemas.token,
    handle: ({ identity }) => tokens.show(asking(identity).subject),
  });
}

function ownEmail({ tokens }: ApiTokens): Route {
  return route({
    method: "PUT",
    path: `${PATH}/email`,
    tag,
    scope: null,
    summary: "Change the e-mail address of the token that asks; null removes it.",
    body: schemas.ownEmail,
    answer: schemas.token,
    handle: ({ identity, body }) => tokens.changeEmail(asking(identity), body.email),
  });
}

function show({ tokens }: ApiTokens): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}`,
    tag,
    summary: "One token.",
    params: schemas.name,
    answer: schemas.token,
    handle: ({ params }) => tokens.show(params.name),
  });
}

function change({ tokens }: ApiTokens): Route {
  return route({
    method: "PUT",
    path: `${PATH}/{name}`,
    tag,
    summary: "Change address, scopes or expiry; what is left out stays. Takes effect at once.",
    params: schemas.name,
    body: schemas.changes,
    answer: schemas.token,
    handle: ({ params, body, identity }) => tokens.change(asking(identity), params.name, schemas.formOf(body, Date.now())),
  });
}

function reveal({ tokens }: ApiTokens): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}/reveal`,
    tag,
    summary: "Always 410: of a secret only its hash is kept.",
    params: schemas.name,
    answer: null,
    async handle({ params }) {
      const { name } = await tokens.show(params.name);
      throw new Refusal(410, "TOKEN_NOT_KEPT", `The secret of "${name}" is not kept, only its hash, so nobody can show it again.`, {
        hint: `Make a new one for it: tidegate token rotate ${name}`,
      });
    },
  });
}

function rotate({ tokens }: ApiTokens): Route {
  return route({
    method: "POST",
    path: `${PATH}/{name}/rotate`,
    tag,
    summary: "A new secret. The old one is refused at once, or after `grace` seconds.",
    params: schemas.name,
    body: schemas.rotation,
    answer: schemas.newToken,
    handle: ({ params, body, identity }) => tokens.rotate(asking(identity), params.name, body?.grace ?? 0),
  });
}

function revoke({ revocation }: ApiTokens): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{name}`,
    waits: true,
    tag,
    summary: "Revoke a token. What it owns passes to the admin, or goes with it.",
    params: schemas.name,
    query: z.object({
      cascade: z.enum(["true", "false"]).default("false").describe("`true`: its services, ports and the tokens it made go with it."),
    }),
    answer: schemas.revoked,
    handle: ({ params, query, identity }) => revocation.revoke(asking(identity), params.name, query.cascade === "true"),
  });
}

/** No route here is open. */
function asking(identity: Identity | null): Identity {
  if (identity !== null) return identity;
  throw new Refusal(401, "NOT_SIGNED_IN", "This needs a token or a session.");
}
