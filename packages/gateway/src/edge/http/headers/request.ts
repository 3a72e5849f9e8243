/**
 * The head an upstream gets. Framing, Host, where the request comes from, its trace and who is let in are written here from what is known; of
 * the client's own lines nothing that is ours to say comes through in any spelling (`wire/roles.ts`), and Connection cannot name away what we add.
 */
import { accessOf } from "../access/access-of.ts";
import { STICKY } from "../forward/answer-head.ts";
import { CHUNKED, type EdgeRequest } from "../exchange.ts";
import type { Identity, Plan, UpstreamEndpoint } from "../plan.ts";
import { withoutCookies } from "./cookies.ts";
import { customRequestLines } from "./custom.ts";
import { NOT_FORWARDED } from "./managed.ts";
import { escaped, line } from "./values.ts";

const STICKY_COOKIE = `cookie:${STICKY}`;
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** With its empty line at the end, as latin1. May be called again for another endpoint. */
export function requestHead(plan: Plan, endpoint: UpstreamEndpoint): string {
  const { request } = plan.conversation;
  const custom = customRequestLines(plan.target);
  return (
    `${request.method} ${plan.path} HTTP/1.1\r\nHost: ${hostFor(plan, endpoint)}\r\n` +
    kept(plan, custom.names) +
    framing(request) +
    origin(plan) +
    trace(plan) +
    (plan.identity === null ? "" : who(plan, plan.identity)) +
    (plan.extra.length === 0 ? "" : extra(plan.extra)) +
    `${custom.text}\r\n`
  );
}

// Private

function hostFor({ target, conversation: { request } }: Plan, endpoint: UpstreamEndpoint): string {
  return target.preserve_host_header && request.authority !== "" ? request.authority : endpoint.spec.authority;
}

/** The client's lines that go on. */
function kept(plan: Plan, replaced: readonly string[]): string {
  const { fields } = plan.conversation.request;
  // Which endpoint a client sticks to is between it and us.
  const hide = plan.group.spec.balance.policy === "cookie" ? plan.hide.concat(STICKY_COOKIE) : plan.hide;
  if (hide.length === 0) return fields.without(NOT_FORWARDED, replaced);
  const names = replaced.concat(hide);
  const cookies = withoutCookies(fields, hide);
  return cookies === null ? fields.without(NOT_FORWARDED, names) : fields.without(NOT_FORWARDED, names.concat("cookie")) + cookies;
}

/** How the body ends, and what this connection is for. A request with nothing to send says so only where a body was to be expected. */
function framing({ method, length, upgrade, fields }: EdgeRequest): string {
  if (upgrade !== null) return `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  const trailers = fields.get("te")?.toLowerCase().includes("trailers") === true ? "TE: trailers\r\nConnection: TE\r\n" : "";
  if (length === CHUNKED) return `Transfer-Encoding: chunked\r\n${trailers}`;
  return length > 0 || WITH_BODY.has(method) ? `Content-Length: ${length}\r\n${trailers}` : trailers;
}

function origin({ client, conversation: { request }, record }: Plan): string {
  return (
    `X-Forwarded-For: ${client.chain}\r\nX-Forwarded-Proto: ${client.secure ? "https" : "http"}\r\n` +
    `X-Forwarded-Host: ${client.host}\r\nX-Forwarded-Port: ${portOf(client.host, client.secure)}\r\nX-Real-IP: ${client.address}\r\n` +
    `X-Request-Id: ${(client.trusted ? keptId(request) : null) ?? `${record.traceId}-${record.spanId}`}\r\nVia: 1.1 tidegate\r\n`
  );
}

/** As asked for; without one the scheme's. */
function portOf(host: string, secure: boolean): string {
  const colon = host.lastIndexOf(":");
  const port = colon > host.lastIndexOf("]") ? host.slice(colon + 1) : "";
  return port === "" ? (secure ? "443" : "80") : port;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

function keptId({ fields }: EdgeRequest): string | null {
  const said = fields.get("x-request-id");
  return said !== undefined && REQUEST_ID.test(said) ? said : null;
}

const MOST_STATE = 512;

/** X-Trace-Id is for backends of the earlier systems. Somebody else's state goes on only with their trace. */
function trace({ conversation, record: { traceId, spanId, parentId, sampled } }: Plan): string {
  const state = parentId === null ? undefined : conversation.request.fields.get("tracestate");
  const own = `traceparent: 00-${traceId}-${spanId}-${sampled ? "01" : "00"}\r\nX-Trace-Id: ${traceId}\r\n`;
  return state === undefined || state.length > MOST_STATE ? own : `${own}tracestate: ${state}\r\n`;
}

function who({ target, route }: Plan, { id, name, email, groups }: Identity): string {
  if (!accessOf(target, route).every((spec) => spec.pass_headers)) return "";
  return (
    line("X-Auth-User-Id", escaped(id)) +
    line("X-Auth-User-Name", escaped(name)) +
    (email === null ? "" : line("X-Auth-User-Email", escaped(email))) +
    (groups.length === 0 ? "" : line("X-Auth-User-Groups", groups.map((group) => escaped(group, ",")).join(",")))
  );
}

function extra(lines: Plan["extra"]): string {
  return lines.map(([name, value]) => line(name, value)).join("");
}
