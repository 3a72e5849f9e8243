/**
 * Every request that would change something, as one audit entry: who, what, on what, and whether it was done, denied or failed. Action and
 * resource come from the route, so that no route can forget it. Sign-ins are told by the gate instead, which knows more of them.
 */
import type { Logger } from "@tidegate/streams";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Identity } from "../auth/auth.ts";
import type { SignInEvent } from "../auth/sign-ins.ts";

/** Last words of a path that are what is done, not what it is done to. Null changes nothing. */
const VERBS: Readonly<Record<string, string | null>> = {
  ack: "acknowledged",
  adopt: "adopted",
  cancel: "cancelled",
  check: null,
  cleanup: "cleaned_up",
  "convert-to-production": "converted",
  disable: "disabled",
  discard: "discarded",
  enable: "enabled",
  generate: "created",
  import: "imported",
  link: "made_link",
  maintenance: "closed",
  mute: "muted",
  open: "opened",
  pause: "paused",
  preflight: null,
  preview: null,
  release: "released",
  renew: "renewed",
  replay: "replayed",
  "replay-jobs": "started_replay",
  reset: "reset",
  restart: "restarted",
  resume: "resumed",
  revoke: "revoked",
  retry: "retried",
  rollback: "rolled_back",
  rotate: "rotated",
  seek: "moved",
  start: "started",
  stop: "stopped",
  test: "tested",
};
const METHODS: Readonly<Record<string, string>> = { POST: "created", PUT: "replaced", PATCH: "changed", DELETE: "deleted" };

export interface Act {
  readonly action: string;
  readonly resource: string;
}

/** Null for what only reads. `path` is what was asked for, without query. */
export function actOf(method: string, path: string): Act | null {
  const action = METHODS[method];
  const words = path
    .replace(/^\/+(api\/)?(v1\/)?/i, "")
    .replace(/\/+$/, "")
    .split("/");
  const last = words.at(-1) ?? "";
  if (action === undefined || SIGNING.has(words.join("/"))) return null;
  if (!Object.hasOwn(VERBS, last) || words.length === 1) return { action, resource: words.join("/").slice(0, LONGEST) };
  const verb = VERBS[last] ?? null;
  const resource = words.slice(0, -1).join("/").slice(0, LONGEST);
  if (verb === null) return null;
  return { action: method === "DELETE" ? `not_${verb}` : verb, resource };
}

/** Told when the answer is known. */
export function auditRequest(logger: Logger, request: FastifyRequest, reply: FastifyReply, identity: Identity | undefined): void {
  const act = actOf(request.method, request.url.split("?")[0] ?? "");
  if (act === null || ((act.action === "imported" || act.action === "cleaned_up") && isDryRun(request.url))) return;
  const status = reply.statusCode;
  const result = status < 400 ? "done" : status === 401 || status === 403 || status === 421 || status === 429 ? "denied" : "failed";
  const fields = {
    ...targetOf(request.body),
    ...cascadeOf(request.query),
    status,
    ip: request.socket.remoteAddress,
    by: identity?.kind,
    request_id: request.id,
  };
  logger.audit({ actor: identity?.subject ?? "unknown", ...act, result, fields });
}

export function auditSignIn(logger: Logger, { kind, subject, via }: SignInEvent): void {
  const result = kind === "refused" ? "denied" : "done";
  logger.audit({ actor: subject, action: kind === "logout" ? "signed_out" : "signed_in", resource: "session", result, fields: { via } });
}

// Private

const SIGNING = new Set(["session", "session/login"]);
const LONGEST = 200;
const TARGETS = [
  "name",
  "topic",
  "group",
  "type",
  "event_type",
  "error_code",
  "signature",
  "rule",
  "subject",
  "host",
  "service_name",
  "hostname",
  "route_id",
  "all",
] as const;

/** What else went: it decides more than the path says. */
function cascadeOf(query: unknown): Record<string, unknown> {
  const asked = typeof query === "object" && query !== null && "cascade" in query ? query.cascade : undefined;
  return asked === "true" ? { cascade: true } : {};
}

/** As the route reads it: what it takes for an import must not be missing here. */
function isDryRun(url: string): boolean {
  const [value, ...more] = new URLSearchParams(url.split("?")[1] ?? "").getAll("dry_run");
  return value !== undefined && more.length === 0 && ["true", "1", ""].includes(value.toLowerCase());
}

/** Which one, where the body says so and not the path. Never what it carries. */
function targetOf(body: unknown): Record<string, unknown> {
  if (typeof body !== "object" || body === null) return {};
  const given = body as Readonly<Record<string, unknown>>;
  const named = TARGETS.filter((name) => typeof given[name] === "string" || given[name] === true).map((name) => [name, given[name]]);
  const ids: unknown = given["ids"];
  return Object.fromEntries([...named, ...(Array.isArray(ids) ? [["ids", ids.length]] : [])]) as Record<string, unknown>;
}
