/**
 * The HTTP application: what every request goes through, in order — trace and access record, headers, host, gate, scope, body, route, audit,
 * problem details.
 * Denied unless a route says `open`, or it is a GET outside `/api` that no route serves: the console's files.
 */
import { randomUUID } from "node:crypto";
import type { Tide } from "@tidegate/streams";
import { tidegate } from "@tidegate/streams/fastify";
import fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Identity } from "../auth/auth.ts";
import type { Gate } from "../auth/gate.ts";
import { Refusal } from "../auth/refusal.ts";
import { demand, demandAll } from "../auth/scopes.ts";
import type { Need } from "../auth/scopes.ts";
import { auditRequest } from "./audit-log.ts";
import { followClicks } from "./click-span.ts";
import type { ConsoleFiles } from "./console-files.ts";
import { setSecurityHeaders } from "./headers.ts";
import type { OpenAnswers } from "./open-answers.ts";
import { asRefusal, notFound, problemOf } from "./problem.ts";
import { needOf } from "./route-scope.ts";
import type { Route } from "./route.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    open?: boolean;
    waits?: boolean;
    need?: Need | null | undefined;
  }
}

export interface AppOptions {
  readonly gate: Gate;
  /** Traces, access records and audit entries go there. */
  readonly tide: Tide;
  readonly routes: readonly Route[];
  readonly consoleFiles: ConsoleFiles;
  readonly openAnswers: OpenAnswers;
  readonly onError: (error: unknown, requestId: string) => void;
}

const LARGEST_BODY = 2 * 1024 * 1024;

export function buildApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: LARGEST_BODY,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    // An alert's id carries its subject: a topic and a group, or whatever an application calls its components.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_000 },
    frameworkErrors: (error, request, reply) => void sendProblem(options, error, request, reply),
  });
  parseJsonOnly(app);
  const identities: Identities = new WeakMap();
  followClicks(app, options.tide);
  observe(app, options, identities);
  guard(app, options, identities);
  audit(app, options.tide, identities);
  app.setErrorHandler((error, request, reply) => sendProblem(options, error, request, reply));
  app.setNotFoundHandler((request, reply) => serveRest(options.consoleFiles, request, reply));
  for (const route of options.routes) register(app, route, identities);
  return app;
}

// Private

type Identities = WeakMap<FastifyRequest, Identity>;

/** No other content type: a form of a foreign page can then not reach us with a cookie. */
function parseJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => {
    try {
      done(null, text === "" ? undefined : JSON.parse(String(text)));
    } catch (error) {
      const where = error instanceof Error ? error.message.slice(0, 200) : "";
      done(
        new Refusal(400, "INVALID_JSON", `The body is not JSON: ${where}`, {
          cause: error,
          hint: "Check quotes and commas, for example with: echo '…' | jq .",
        }),
      );
    }
  });
}

/** As `app.register(tidegate(tide))`, but at once: what the guard refuses is to have a record as well. */
function observe(app: FastifyInstance, { tide, gate }: AppOptions, identities: Identities): void {
  // `ignore` is asked in the very next hook, before anything else can run.
  let quiet = false;
  app.addHook("onRequest", (request, _reply, done) => {
    quiet = isQuiet(request, gate);
    done();
  });
  const user = (request: FastifyRequest): string | undefined => identities.get(request)?.subject;
  const client = (request: FastifyRequest): string | undefined => (identities.get(request)?.kind === "token" ? user(request) : undefined);
  const waits = (request: FastifyRequest): boolean => request.routeOptions.config.waits === true;
  tidegate(tide, { component: "api", ignore: () => quiet, user, client, waits })(app, {}, () => {});
}

/**
 * Files of the console, and what asks every few seconds whether we live: no news. Neither is what the console reads to show itself; among its
 * own requests nobody would find the ones looked for.
 */
function isQuiet(request: FastifyRequest, gate: Gate): boolean {
  return !/^\/+api(\/|\?|$)/i.test(request.url) || ((isRead(request) || isPreview(request)) && gate.isConsole(request.raw));
}

/** Asks by POST, on each change of a form, and changes nothing. */
function isPreview({ method, url, headers }: FastifyRequest): boolean {
  return method === "POST" && headers.origin !== undefined && /^[^?]*\/preview\/?(\?|$)/.test(url);
}

function isRead({ method }: FastifyRequest): boolean {
  return method === "GET" || method === "HEAD";
}

function audit(app: FastifyInstance, tide: Tide, identities: Identities): void {
  const logger = tide.logger("api");
  app.addHook("onSend", (request, reply, _payload, done) => {
    auditRequest(logger, request, reply, identities.get(request));
    done();
  });
}

function guard(app: FastifyInstance, { gate, openAnswers }: AppOptions, identities: Identities): void {
  app.addHook("onRequest", async (request, reply) => {
    setSecurityHeaders(reply, request.id);
    gate.checkHost(request.raw);
    if (isOpen(request)) return;
    const identity = gate.admit(request.raw, !isRead(request));
    identities.set(request, identity);
    if (!request.is404) demandScope(identity, request.routeOptions.config.need);
    openAnswers.add(reply.raw, identity);
  });
}

function demandScope(identity: Identity, need: Need | null | undefined): void {
  if (need === undefined) demandAll(identity, ["*"], "This");
  else if (need !== null) demand(identity, need);
}

function isOpen(request: FastifyRequest): boolean {
  return request.is404 ? isConsole(request) : request.routeOptions.config.open === true;
}

function isConsole(request: FastifyRequest): boolean {
  return isRead(request) && !/^\/+api(\/|\?|$)/i.test(request.url);
}

async function serveRest(files: ConsoleFiles, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (!isConsole(request)) throw notFound(request.method, request.url);
  return files.serve(request, reply);
}

function register(app: FastifyInstance, route: Route, identities: Identities): void {
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    config: { open: route.open === true, waits: route.waits === true, need: needOf(route) },
    ...(route.largestBody === undefined ? {} : { bodyLimit: route.largestBody }),
    async handler(request, reply) {
      reply.code(route.status ?? 200);
      const answer = await route.handle({
        params: route.params?.parse(request.params),
        query: route.query?.parse(request.query),
        body: route.body?.parse(request.body),
        identity: identities.get(request) ?? null,
        request,
        reply,
      });
      // `headersSent`: a stream whose reader has left is begun, but never `sent`.
      return reply.sent || reply.raw.headersSent || answer === reply ? reply : reply.send(answer);
    },
  });
}

function sendProblem({ onError }: AppOptions, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = asRefusal(error);
  if (refusal.status === 500) onError(refusal.cause ?? error, request.id);
  setSecurityHeaders(reply, request.id);
  return reply
    .code(refusal.status)
    .headers(refusal.headers)
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(problemOf(refusal, request.id)));
}
