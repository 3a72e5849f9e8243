/** Which scope a route needs: what it says itself, else by its tag and method. What is in neither list only `*` may use. */
import type { Need } from "../auth/scopes.ts";
import type { Resource } from "../gateway-contract.ts";
import type { Route } from "./route.ts";

/** Null: anybody who is somebody. */
const RESOURCE_OF: Readonly<Record<string, Resource | null>> = {
  alerts: "alerts",
  audit: "system",
  certificates: "certificates",
  config: "config",
  "dead-letters": "messages",
  docs: null,
  groups: "groups",
  health: "system",
  jobs: "messages",
  live: null,
  logs: "logs",
  messages: "messages",
  metrics: "system",
  orchestrator: "system",
  ports: "ports",
  proxy: "proxy",
  routes: "routes",
  services: "services",
  session: null,
  streams: "messages",
  tokens: "tokens",
  topics: "messages",
  traces: "traces",
};

/** Null: every token may. Undefined: nobody has said, so that all scopes are needed. */
export function needOf({ scope, tag, method }: Pick<Route, "scope" | "tag" | "method">): Need | null | undefined {
  if (scope !== undefined) return scope;
  const resource = Object.hasOwn(RESOURCE_OF, tag) ? RESOURCE_OF[tag] : undefined;
  if (resource === undefined || resource === null) return resource;
  return { resource, level: method === "GET" ? "read" : "write" };
}

/** As a token has it; null where none is needed. */
export function scopeName(route: Pick<Route, "scope" | "tag" | "method" | "open">): string | null {
  if (route.open === true) return null;
  const need = needOf(route);
  if (need === undefined) return "*";
  return need === null ? null : `${need.resource}:${need.level}`;
}
