/** Signing a browser in and out. The cookie's value leaves the server once, in Set-Cookie. */
import { z } from "zod";
import type { Identity } from "../auth/auth.ts";
import { cookieHeader } from "../auth/gate.ts";
import type { Gate } from "../auth/gate.ts";
import { Refusal } from "../auth/refusal.ts";
import type { OrchestratorStatus, SessionAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { scope } from "./token-schemas.ts";

export interface SessionDeps {
  readonly gate: Gate;
  readonly status: () => OrchestratorStatus;
  /** Called after a session has ended. */
  readonly ended: () => void;
}

export function sessionRoutes(deps: SessionDeps): readonly Route[] {
  return [whoAsks(deps), login(deps), logout(deps), newLink(deps)];
}

// Private

const answer: z.ZodType<SessionAnswer> = z.object({
  subject: z.string(),
  kind: z.enum(["token", "session"]),
  namespace: z.string(),
  version: z.string(),
  scopes: z.array(scope).readonly(),
});

function whoAsks({ status }: SessionDeps): Route {
  return route({
    method: "GET",
    path: "/api/v1/session",
    tag: "session",
    summary: "Who is asking.",
    answer,
    handle: ({ identity }) => describe(signedIn(identity), status()),
  });
}

function login({ gate, status }: SessionDeps): Route {
  return route({
    method: "POST",
    path: "/api/v1/session/login",
    tag: "session",
    summary: "Turns a one-use code (of a login link) or a token into a session cookie.",
    open: true,
    body: z.union(
      [z.strictObject({ code: z.string().min(1).max(200) }), z.strictObject({ token: z.string().min(1).max(4096) })],
      "send a code or a token",
    ),
    answer,
    handle({ body, request, reply }) {
      const { cookie, identity } = gate.login(request.raw, body);
      reply.header("Set-Cookie", cookieHeader(request.raw, cookie));
      return describe(identity, status());
    },
  });
}

function logout({ gate, ended }: SessionDeps): Route {
  return route({
    method: "DELETE",
    path: "/api/v1/session",
    tag: "session",
    summary: "Ends the session of the cookie; a token stays good.",
    status: 204,
    answer: null,
    handle({ identity, request, reply }) {
      const who = signedIn(identity);
      if (who.kind === "session") gate.logout(who);
      ended();
      reply.header("Set-Cookie", cookieHeader(request.raw, null));
    },
  });
}

function newLink({ gate }: SessionDeps): Route {
  return route({
    method: "POST",
    path: "/api/v1/session/link",
    tag: "session",
    summary: "A new one-use login link for a browser, good for 10 minutes. Needs a token, not a session, and lets in for what that may do.",
    answer: z.object({ url: z.string() }),
    handle({ identity, request }) {
      const who = signedIn(identity);
      if (who.kind !== "token") {
        throw new Refusal(403, "TOKEN_NEEDED", "A login link is made with a token only.", {
          hint: "Send Authorization: Bearer tg_…",
        });
      }
      return { url: gate.loginLink(`${request.protocol}://${request.host}`, who) };
    },
  });
}

function signedIn(identity: Identity | null): Identity {
  if (identity !== null) return identity;
  throw new Refusal(401, "NOT_SIGNED_IN", "This needs a token or a session.");
}

function describe({ subject, kind, scopes }: Identity, { namespace, version }: OrchestratorStatus): SessionAnswer {
  return { subject, kind, namespace, version, scopes };
}
