/** What the forward-auth service is told of a request, and what it may tell the upstream. */
import { bit, COOKIE, AUTHORIZATION, OTHER, type Fields } from "../wire/fields.ts";
import { fold } from "../headers/managed.ts";
import type { HeaderList } from "./forward-auth.ts";
import type { Asked } from "./way.ts";

const PASSED = bit(OTHER) | bit(COOKIE) | bit(AUTHORIZATION);
/** About the body, about what the client has already, or about its connection: the answer would be another one. */
const KEPT_BACK = /^(?:content-|if-|sec-websocket-|accept-encoding$|range$|x-tidegate-token$)/;

export interface Telling {
  /** What the rule's owner adds, in the place of what the client says under the same name. */
  readonly own: readonly (readonly [string, string])[];
  /** Of the client's fields only these; null: all that it may say of itself. */
  readonly only: readonly string[] | null;
}

export function forwardHeaders({ request, client, path }: Asked, { own, only }: Telling): HeaderList {
  const query = request.target.indexOf("?");
  const uri = query === -1 ? path : path + request.target.slice(query);
  const known = [
    "X-Forwarded-Method",
    request.method,
    "X-Forwarded-Proto",
    client.secure ? "https" : "http",
    "X-Forwarded-Host",
    client.host,
    "X-Forwarded-Uri",
    uri,
    "X-Forwarded-For",
    client.chain,
    "X-Real-IP",
    client.address,
  ];
  return [...clientLines(request.fields, new Set(own.map(([name]) => fold(name))), only), ...known, ...own.flat()];
}

/** Of its answer everything but what the edge itself says to the upstream, or what frames the request. */
export function canBeCopied(name: string): boolean {
  return !OURS.has(fold(name)) && !isOfHop(name);
}

// Private

const OURS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-real-ip",
  "x-request-id",
  "x-trace-id",
  "traceparent",
  "tracestate",
  "via",
  "expect",
  "cookie",
  "set-cookie",
  "x-auth-user-id",
  "x-auth-user-name",
  "x-auth-user-email",
  "x-auth-user-groups",
]);
const HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;

function isOfHop(name: string): boolean {
  return HOP.test(fold(name));
}

function clientLines(fields: Fields, replaced: ReadonlySet<string>, only: readonly string[] | null): string[] {
  const lines: string[] = [];
  for (let at = 0; at < fields.count; at += 1) {
    const name = fields.name(at);
    if (((1 << fields.role(at)) & PASSED) === 0 || KEPT_BACK.test(name) || replaced.has(fold(name))) continue;
    if (only !== null && !only.includes(name)) continue;
    lines.push(name, fields.value(at));
  }
  return lines;
}
