/** Checks and completes what a person sends for a route, an update being what changes. Pure: whether what it names exists is found out later. */
import { AUTH_FIELDS, readAccess } from "./check-access.ts";
import { cidr } from "./cidr.ts";
import { NO_LIMITS, NO_TIMEOUTS, readCidrs, readLimits, readPath, readService, readTimeouts, readUrl } from "./field-kinds.ts";
import { targetName } from "./host.ts";
import { normalise } from "./path.ts";
import { Reading, type Fields } from "./reading.ts";
import { regexProblem } from "./regex.ts";
import { ROUTE_TARGETS, type RouteData } from "./spec.ts";

/** As in `docs/reference/proxy-fields.md`. */
export const ROUTE_FIELDS = [
  "route_id",
  "path_pattern",
  "is_regex",
  "exact",
  "target_type",
  "target_value",
  "status",
  "priority",
  "methods",
  "headers",
  "query",
  "clients",
  "scope",
  "proxy_hostnames",
  "proxy_hostname",
  "enabled",
  "strip_prefix",
  "rewrite",
  "add_prefix",
  "access",
  ...AUTH_FIELDS,
  "override_access",
  "override_auth",
  "limits",
  "timeouts",
  "description",
  "owner",
] as const;

/** INVALID_ROUTE. `before`: null for a new one. */
export function checkRoute(id: string, request: unknown, before: RouteData | null, owner: string): RouteData {
  const given = reading.object(request, "", ROUTE_FIELDS);
  if (given["route_id"] !== undefined && given["route_id"] !== id)
    throw reading.wrong("route_id", `${id}: a route keeps its id`, given["route_id"]);
  if (given["owner"] !== undefined && given["owner"] !== owner) throw reading.wrong("owner", `${owner}, whose it is`, given["owner"]);
  const base = before ?? DEFAULTS;
  const read = <K extends keyof typeof DEFAULTS>(name: K, one: (value: unknown) => RouteData[K]): RouteData[K] =>
    reading.given(given, name, base[name] as RouteData[K], one);
  const truth = (name: "enabled" | "override_access"): boolean => read(name, (value) => reading.truth(value, name));
  const data: RouteData = {
    ...readPattern(given, before),
    ...readTarget(given, before),
    status: read("status", (value) => reading.choice(value, "status", [301, 302, 303, 307, 308])),
    priority: read("priority", (value) => reading.whole(value, "priority", 0, 999)),
    methods: read("methods", readMethods),
    headers: read("headers", (value) => readMatches(value, "headers", HEADER)),
    query: read("query", (value) => readMatches(value, "query", /^[^\p{Cc}]{1,256}$/u)),
    clients: read("clients", (value) => readCidrs(reading, value ?? [], "clients", cidr)),
    ...readScope(given, base),
    enabled: truth("enabled"),
    strip_prefix: read("strip_prefix", (value) => prefix(value, "strip_prefix")),
    rewrite: read("rewrite", readRewrite),
    add_prefix: read("add_prefix", (value) => prefix(value, "add_prefix")),
    access: readAccess(reading, given, base.access),
    override_access: reading.given(given, "override_auth", truth("override_access"), (value) => reading.truth(value, "override_auth")),
    limits: read("limits", (value) => (value === null ? null : readLimits(reading, value, "limits", base.limits ?? NO_LIMITS))),
    timeouts: read("timeouts", (value) => (value === null ? null : readTimeouts(reading, value, "timeouts", base.timeouts ?? NO_TIMEOUTS))),
    description: read("description", (value) => reading.text(value, "description", 1024)),
    owner,
  };
  if (data.override_access && data.access === null)
    throw reading.error("override_access is true, but the route has no access of its own.", "Give access; {} lets everybody in.");
  return data;
}

// Private

const reading = new Reading("INVALID_ROUTE");

const DEFAULTS = {
  status: 308,
  priority: 50,
  methods: null,
  headers: {},
  query: {},
  clients: [],
  scope: "global",
  proxy_hostnames: [],
  enabled: true,
  strip_prefix: null,
  rewrite: null,
  add_prefix: null,
  access: null,
  override_access: false,
  limits: null,
  timeouts: null,
  description: "",
} as const satisfies Omit<RouteData, "path_pattern" | "is_regex" | "exact" | "target_type" | "target_value" | "owner">;

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const METHOD = /^[A-Z][A-Z-]{0,31}$/;
/** Its host cannot be made of anything but `{host}`. */
const REDIRECT = /^(?:https?:\/\/(?:\{host\}|\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?(?=[/?#]|\{path\}|\{query\}|$)|\/|\{path\})/;

function readPattern(given: Fields, before: RouteData | null): Pick<RouteData, "path_pattern" | "is_regex" | "exact"> {
  const truth = (name: "is_regex" | "exact"): boolean =>
    reading.given(given, name, before?.[name] ?? false, (value) => reading.truth(value, name));
  const form = { is_regex: truth("is_regex"), exact: truth("exact") };
  const pattern = given["path_pattern"] ?? before?.path_pattern;
  if (pattern === undefined) throw reading.wrong("path_pattern", "a path as /api", undefined);
  if (!form.is_regex) return { ...form, path_pattern: plainPattern(pattern, form.exact) };
  if (form.exact) throw reading.error("exact and is_regex exclude each other.", "A regex is exact where it ends in $.");
  return { ...form, path_pattern: regex(pattern, "path_pattern", /^\^?[(/.[\\]/, "a regex for a path, beginning as ^/api") };
}

/** `/api/*` of the earlier systems is `/api`. */
function plainPattern(value: unknown, exact: boolean): string {
  const text = reading.text(value, "path_pattern", 1024);
  const shortened = exact ? text : text.replace(/\/\*{1,2}$/, "/");
  if (shortened.includes("*"))
    throw reading.wrong("path_pattern", "a path without *", text, "A prefix has all below it; else use is_regex.");
  return readPath(reading, shortened, "path_pattern", { prefix: !exact });
}

function regex(value: unknown, field: string, start: RegExp, expected: string): string {
  const pattern = reading.text(value, field, 4096);
  const problem = regexProblem(pattern);
  if (problem !== null) throw reading.error(`${field} ${problem}.`);
  if (!start.test(pattern)) throw reading.wrong(field, expected, pattern);
  return pattern;
}

function readTarget(given: Fields, before: RouteData | null): Pick<RouteData, "target_type" | "target_value"> {
  const type = reading.given(given, "target_type", before?.target_type ?? null, (value) =>
    reading.choice(value, "target_type", ROUTE_TARGETS),
  );
  const value = given["target_value"] ?? before?.target_value;
  if (type === null) throw reading.wrong("target_type", `one of ${ROUTE_TARGETS.join(", ")}`, undefined);
  return { target_type: type, target_value: readValue(type, value) };
}

function readValue(type: RouteData["target_type"], value: unknown): string {
  const field = `target_value (${type})`;
  if (type === "port") return String(reading.whole(value, field, 1, 65_535));
  if (type === "url") return readUrl(reading, value, field);
  if (type === "redirect") return readRedirect(value, field);
  if (type === "service") {
    const { service, port } = readService(reading, value, field);
    return port === null ? service : `${service}:${port}`;
  }
  return readHost(value, field);
}

function readHost(value: unknown, field: string): string {
  const host = targetName(reading.text(value, field, 255));
  if (host === null) throw reading.wrong(field, "the host name of a target", value);
  return host;
}

function readRedirect(value: unknown, field: string): string {
  const text = reading.text(value, field, 2048);
  if (/[^\x21-\x7e]|\\/.test(text)) throw reading.wrong(field, "printable ASCII without spaces and backslashes", text);
  const unknown = /\{(?!path\}|query\}|host\})[^}]*\}?/.exec(text)?.[0];
  if (unknown !== undefined) throw reading.wrong(field, "a URL whose placeholders are {path}, {query} and {host}", unknown);
  if (!REDIRECT.test(text) || text.startsWith("//"))
    throw reading.wrong(field, "an http or https URL, or a path that begins with one /", text);
  return text;
}

function readMethods(value: unknown): readonly string[] | null {
  if (value === null || (Array.isArray(value) && value.length === 0)) return null;
  const list = typeof value === "string" ? value.split(",").map((one) => one.trim()) : value;
  return reading.texts(list, "methods", 32, 32).map((method) => {
    const upper = method.toUpperCase();
    if (!METHOD.test(upper) || upper === "CONNECT") throw reading.wrong("methods", "a list of methods as GET, POST; never CONNECT", method);
    return upper;
  });
}

function readMatches(value: unknown, field: string, name: RegExp): Readonly<Record<string, string | null>> {
  const entries = Object.entries(reading.record(value ?? {}, field));
  if (entries.length > 16) throw reading.wrong(field, "at most 16 conditions", entries.length);
  for (const [key, content] of entries) {
    if (!name.test(key)) throw reading.error(`${field}.${key.slice(0, 60)} is no name that a request could have.`);
    if (content !== null) reading.text(content, `${field}.${key}`, 1024);
  }
  return Object.fromEntries(entries) as Record<string, string | null>;
}

function readScope(given: Fields, base: Pick<RouteData, "scope" | "proxy_hostnames">): Pick<RouteData, "scope" | "proxy_hostnames"> {
  const list = given["proxy_hostname"] === undefined ? given["proxy_hostnames"] : [given["proxy_hostname"]];
  const named =
    list === undefined
      ? base.proxy_hostnames
      : reading.texts(list ?? [], "proxy_hostnames", 1000, 255).map((one) => readHost(one, "proxy_hostnames"));
  const usual = list === undefined ? base.scope : named.length > 0 ? "proxy" : "global";
  const scope = reading.given(given, "scope", usual, (value) => reading.choice(value, "scope", ["global", "proxy"] as const));
  if (scope === "proxy" && named.length === 0) throw reading.error("scope is proxy, but proxy_hostnames names no target.");
  if (scope === "global" && list !== undefined && named.length > 0)
    throw reading.error("scope is global, so proxy_hostnames must be empty.");
  return { scope, proxy_hostnames: scope === "global" ? [] : [...new Set(named)] };
}

function prefix(value: unknown, field: string): string | null {
  if (value === null || value === "" || value === "/") return null;
  return readPath(reading, value, field);
}

/** The replacement is put into a path: what is none is refused here, what only a request shows is normalised there. */
function readRewrite(value: unknown): RouteData["rewrite"] {
  if (value === null) return null;
  const fields = reading.object(value, "rewrite", ["pattern", "replacement"]);
  const pattern = regex(fields["pattern"], "rewrite.pattern", /^/, "");
  const replacement = reading.text(fields["replacement"], "rewrite.replacement", 1024);
  if (/[^\x21-\x7e]|[\\?#]/.test(replacement))
    throw reading.wrong("rewrite.replacement", "a part of a path, with $1 … for groups", replacement);
  const path = normalise(`/${replacement.replaceAll(/\$(?:\d+|[$&]|<\w+>)/g, "x")}`);
  if (typeof path !== "string") throw reading.error(`rewrite.replacement is refused: ${path.problem}.`);
  return { pattern, replacement };
}
