/** Checks and completes what a person sends for a target, an update being what changes. Pure: whether what it names exists is found out later. */
import { AUTH_FIELDS, readAccess } from "./check-access.ts";
import { isOwnHeader, NO_LIMITS, NO_TIMEOUTS, readHeaders, readLimits, readService, readTimeouts, readUrls } from "./field-kinds.ts";
import { checkHost } from "./host.ts";
import { Reading, type Fields } from "./reading.ts";
import { BALANCE_POLICIES, ROUTE_MODES, type TargetData, type Upstream } from "./spec.ts";
import { readErrorPages, readHealth, readUpstreamTls } from "./target-parts.ts";

/** As in `docs/reference/proxy-fields.md`. */
export const TARGET_FIELDS = [
  "hostname",
  "upstream",
  "target_url",
  "target_urls",
  "service_name",
  "enabled",
  "http",
  "enable_http",
  "enable_https",
  "cert_name",
  "preserve_host_header",
  "custom_headers",
  "custom_response_headers",
  "route_mode",
  "enabled_routes",
  "disabled_routes",
  "access",
  ...AUTH_FIELDS,
  "balance",
  "health",
  "limits",
  "timeouts",
  "compression",
  "error_pages",
  "mode",
  "hold",
  "message",
  "upstream_tls",
  "description",
  "owner",
] as const;

/** INVALID_TARGET. `before`: null for a new one. */
export function checkTarget(host: string, request: unknown, before: TargetData | null, owner: string): TargetData {
  const given = reading.object(request, "", TARGET_FIELDS);
  if (given["hostname"] !== undefined && checkHost(given["hostname"]) !== host)
    throw reading.wrong("hostname", `${host}: a target keeps its name`, given["hostname"]);
  if (given["owner"] !== undefined && given["owner"] !== owner) throw reading.wrong("owner", `${owner}, whose it is`, given["owner"]);
  const base = before ?? DEFAULTS;
  const read = <K extends keyof TargetData>(
    name: K,
    one: (value: unknown) => TargetData[K],
    otherwise = (base as TargetData)[name],
  ): TargetData[K] => reading.given(given, name, otherwise, one);
  const truth = (name: "enabled" | "enable_https" | "preserve_host_header" | "compression"): boolean =>
    read(name, (value) => reading.truth(value, name));
  const https = truth("enable_https");
  const ids = (name: "enabled_routes" | "disabled_routes"): readonly string[] => read(name, (value) => readIds(value, name));
  const data: TargetData = {
    upstream: readUpstream(given, before),
    enabled: truth("enabled"),
    http: readHttp(given, before, https),
    enable_https: https,
    cert_name: read("cert_name", (value) => optional(value, "cert_name", 255)),
    preserve_host_header: truth("preserve_host_header"),
    custom_headers: read("custom_headers", (value) => readHeaders(reading, value, "custom_headers", isOwnHeader)),
    custom_response_headers: read("custom_response_headers", (value) => readHeaders(reading, value, "custom_response_headers", isFraming)),
    route_mode: read("route_mode", (value) => reading.choice(value, "route_mode", ROUTE_MODES)),
    enabled_routes: ids("enabled_routes"),
    disabled_routes: ids("disabled_routes"),
    access: readAccess(reading, given, base.access),
    balance: read("balance", (value) => readBalance(value, base.balance)),
    health: read("health", (value) => readHealth(reading, value, base.health)),
    limits: read("limits", (value) => readLimits(reading, value, "limits", base.limits)),
    timeouts: read("timeouts", (value) => readTimeouts(reading, value, "timeouts", base.timeouts)),
    compression: truth("compression"),
    error_pages: read("error_pages", (value) => readErrorPages(reading, value)),
    mode: read("mode", (value) => reading.choice(value, "mode", ["open", "paused", "maintenance"] as const)),
    hold: read("hold", (value) => reading.whole(value, "hold", 1, 3600)),
    message: read("message", (value) => optional(value, "message", 4096)),
    upstream_tls: read("upstream_tls", (value) => readUpstreamTls(reading, value, base.upstream_tls)),
    description: read("description", (value) => reading.text(value, "description", 1024)),
    owner,
  };
  return coherent(host, data);
}

// Private

const reading = new Reading("INVALID_TARGET");

const DEFAULTS: Omit<TargetData, "upstream" | "http" | "owner"> = {
  enabled: true,
  enable_https: true,
  cert_name: null,
  preserve_host_header: true,
  custom_headers: {},
  custom_response_headers: {},
  route_mode: "all",
  enabled_routes: [],
  disabled_routes: [],
  access: null,
  balance: { policy: "p2c", retries: 2 },
  health: null,
  limits: NO_LIMITS,
  timeouts: NO_TIMEOUTS,
  compression: false,
  error_pages: {},
  mode: "open",
  hold: 30,
  message: null,
  upstream_tls: { ca: null, server_name: null, insecure: false },
  description: "",
};

const FRAMING = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "trailer", "upgrade", "via"]);
const ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

function isFraming(name: string): boolean {
  return FRAMING.has(name.toLowerCase());
}

/** One of `upstream`, `target_url`, `target_urls`, `service_name`. */
function readUpstream(given: Fields, before: TargetData | null): Upstream {
  const named = ["upstream", "target_url", "target_urls", "service_name"].filter((name) => given[name] !== undefined);
  const [name] = named;
  if (named.length > 1) throw reading.error(`${named.join(" and ")} say the same; give one.`);
  if (name === undefined) {
    if (before !== null) return before.upstream;
    throw reading.error(
      "The target has nowhere to go.",
      "Give target_url as http://127.0.0.1:9000, or service_name as hello or hello:port.",
    );
  }
  if (name === "service_name") return readService(reading, given[name], name);
  return name === "upstream" ? readShape(given[name]) : readUrls(reading, given[name], name);
}

/** As it is stored, or a URL, or `service:name[:port]`. */
function readShape(value: unknown): Upstream {
  if (typeof value === "string" && value.startsWith("service:")) return readService(reading, value.slice("service:".length), "upstream");
  if (typeof value === "string" || Array.isArray(value)) return readUrls(reading, value, "upstream");
  const { kind, urls, service, port = null } = reading.object(value, "upstream", ["kind", "urls", "service", "port"]);
  if (reading.choice(kind, "upstream.kind", ["url", "service"] as const) === "url") return readUrls(reading, urls, "upstream.urls");
  const name = reading.text(service, "upstream.service", 63);
  return readService(reading, port === null ? name : `${name}:${reading.text(port, "upstream.port", 32)}`, "upstream.service");
}

/** `enable_http` is the earlier way: served on both, or on HTTPS only. */
function readHttp(given: Fields, before: TargetData | null, https: boolean): TargetData["http"] {
  if (given["http"] !== undefined) return reading.choice(given["http"], "http", ["serve", "redirect", "off"] as const);
  if (given["enable_http"] !== undefined) return reading.truth(given["enable_http"], "enable_http") ? "serve" : "off";
  if (before !== null && (https || before.http !== "redirect")) return before.http;
  return https ? "redirect" : "serve";
}

function coherent(host: string, data: TargetData): TargetData {
  if (!data.enable_https && data.http === "redirect") throw reading.wrong("http", "serve or off where enable_https is false", data.http);
  if (!data.enable_https && data.http === "off")
    throw reading.error(`${host} is served neither by HTTP nor by HTTPS.`, "To switch it off: enabled=false.");
  if (data.upstream.kind === "url" && data.upstream.urls.some((url) => !isLocal(host) && isItself(new URL(url), host))) {
    throw reading.error(`${host} would be sent to itself.`, "Give the address of what serves it, as http://127.0.0.1:9000.");
  }
  return data;
}

function isItself({ hostname, port }: URL, host: string): boolean {
  return hostname === host && port === "";
}

function isLocal(host: string): boolean {
  return host === "localhost" || host === "127.0.0.1" || host === "[::1]";
}

function readIds(value: unknown, field: string): string[] {
  return reading.texts(value ?? [], field, 10_000, 63).map((id, at) => {
    if (!ID.test(id)) throw reading.wrong(`${field}[${at}]`, "the id of a route", id);
    return id;
  });
}

function readBalance(value: unknown, before: TargetData["balance"]): TargetData["balance"] {
  const fields = reading.object(typeof value === "string" ? { policy: value } : (value ?? DEFAULTS.balance), "balance", [
    "policy",
    "retries",
  ]);
  return {
    policy: reading.given(fields, "policy", before.policy, (one) => reading.choice(one, "balance.policy", BALANCE_POLICIES)),
    retries: reading.given(fields, "retries", before.retries, (one) => reading.whole(one, "balance.retries", 0, 10)),
  };
}

function optional(value: unknown, field: string, most: number): string | null {
  return value === null || value === "" ? null : reading.text(value, field, most);
}
