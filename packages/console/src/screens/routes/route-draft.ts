/** A route as its form holds it, and the request it becomes. Pure. An update names only what changed. */
import type { ProxyRouteAnswer } from "tidegate/contract";
import type { Request } from "../proxy/host-draft.ts";
import { linesOf, listOf } from "../proxy/lines.ts";
import { blankRules, ruleRequest, rulesFault, rulesOf, type RouteRules } from "./route-rules.ts";

export interface RouteDraft extends RouteRules {
  id: string;
  pattern: string;
  kind: "prefix" | "exact" | "regex";
  type: ProxyRouteAnswer["target_type"];
  value: string;
  status: string;
  priority: string;
  hosts: string;
  methods: string;
  /** `X-Beta: yes`, or `X-Beta` alone, a line. */
  headers: string;
  query: string;
  clients: string;
  strip: string;
  rewritePattern: string;
  rewriteTo: string;
  add: string;
  description: string;
}

export const blankRoute: RouteDraft = {
  ...blankRules,
  id: "",
  pattern: "",
  kind: "prefix",
  type: "url",
  value: "",
  status: "308",
  priority: "50",
  hosts: "",
  methods: "",
  headers: "",
  query: "",
  clients: "",
  strip: "",
  rewritePattern: "",
  rewriteTo: "",
  add: "",
  description: "",
};

export function routeDraft(route: ProxyRouteAnswer): RouteDraft {
  return {
    ...rulesOf(route),
    id: route.route_id,
    pattern: route.path_pattern,
    kind: route.is_regex ? "regex" : route.exact ? "exact" : "prefix",
    type: route.target_type,
    value: route.target_value,
    status: String(route.status),
    priority: String(route.priority),
    hosts: linesOf(route.proxy_hostnames),
    methods: (route.methods ?? []).join(", "),
    headers: conditionLines(route.headers),
    query: conditionLines(route.query),
    clients: linesOf(route.clients),
    strip: route.strip_prefix ?? "",
    rewritePattern: route.rewrite?.pattern ?? "",
    rewriteTo: route.rewrite?.replacement ?? "",
    add: route.add_prefix ?? "",
    description: route.description,
  };
}

export type MadeRoute = { request: Request | null } | { fault: string };

/** `before`: null for a new one. Null: nothing changed. */
export function routeRequest(draft: RouteDraft, before: RouteDraft | null): MadeRoute {
  const fault = faultOf(draft);
  if (fault !== null) return { fault };
  const request = requestOf(draft);
  if (before === null) {
    const id = draft.id.trim() === "" ? {} : { route_id: draft.id.trim() };
    const { path_pattern, target_type, target_value } = request;
    return { request: { ...id, ...without(request, requestOf(blankRoute)), path_pattern, target_type, target_value } };
  }
  const changes = without(request, requestOf(before));
  if ("target_type" in changes || "target_value" in changes)
    Object.assign(changes, { target_type: request["target_type"], target_value: request["target_value"] });
  return { request: Object.keys(changes).length === 0 ? null : changes };
}

// Private

function faultOf(draft: RouteDraft): string | null {
  const { pattern, value, priority, rewritePattern, rewriteTo } = draft;
  if (pattern.trim() === "") return "Give the path that goes elsewhere.";
  if (value.trim() === "") return "Say where it goes.";
  if (!/^\d{1,3}$/.test(priority.trim())) return "The priority is a whole number from 0 to 999.";
  if ((rewritePattern.trim() === "") !== (rewriteTo.trim() === "")) return "A rewrite has a pattern and what is put in its place.";
  return rulesFault(draft);
}

function requestOf(draft: RouteDraft): Request {
  const methods = listOf(draft.methods);
  const hosts = listOf(draft.hosts);
  return {
    path_pattern: draft.pattern.trim(),
    is_regex: draft.kind === "regex",
    exact: draft.kind === "exact",
    target_type: draft.type,
    target_value: draft.type === "port" ? Number(draft.value) : draft.value.trim(),
    ...(draft.type === "redirect" ? { status: Number(draft.status) } : {}),
    priority: Number(draft.priority),
    proxy_hostnames: hosts,
    methods: methods.length === 0 ? null : methods.map((method) => method.toUpperCase()),
    headers: conditionsOf(draft.headers),
    query: conditionsOf(draft.query),
    clients: listOf(draft.clients),
    strip_prefix: draft.strip.trim() || null,
    rewrite: draft.rewritePattern.trim() === "" ? null : { pattern: draft.rewritePattern.trim(), replacement: draft.rewriteTo.trim() },
    add_prefix: draft.add.trim() || null,
    ...ruleRequest(draft),
    description: draft.description.trim(),
  };
}

function conditionsOf(text: string): Record<string, string | null> {
  return Object.fromEntries(
    listOf(text).map((line) => {
      const [, name = line, value = null] = /^([^:=]+)\s*[:=]\s*(.*)$/.exec(line) ?? [];
      return [name.trim(), value];
    }),
  );
}

function conditionLines(wanted: Readonly<Record<string, string | null>>): string {
  return Object.entries(wanted)
    .map(([name, value]) => (value === null ? name : `${name}: ${value}`))
    .join("\n");
}

function without(request: Request, base: Request): Request {
  return Object.fromEntries(Object.entries(request).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name])));
}
