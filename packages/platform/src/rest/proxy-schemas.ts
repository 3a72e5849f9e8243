/**
 * Requests and answers of targets and routes. What one may be is judged by the gateway, which names the wrong field; the request schemas here only
 * tell people which fields there are.
 */
import { z } from "zod";
import type * as contract from "../contract.ts";

const millis = z.number().describe("Unix milliseconds.");
const any = (words: string): z.ZodType => z.unknown().optional().describe(words);
const texts = z.record(z.string(), z.string().nullable());
const list = z.array(z.string());

export const hostName = z.object({ host: z.string().min(1).max(255).describe("As `app.example`, `*.app.example`, `localhost`.") });
export const routeId = z.object({ id: z.string().min(1).max(128) });
export const hostAndRoute = hostName.extend({ id: z.string().min(1).max(128) });
const flag = z.enum(["true", "false"]).transform((word) => word === "true");
export const ownedOnly = z.object({ owned_only: flag.default(false).describe("Only what you created.") });
export const removal = z.object({ force: flag.default(false).describe("Also while something else names it.") });
export const targetRemoval = removal.extend({
  delete_certificate: flag
    .default(false)
    .describe("Also the certificate it is shown with, if no other host is; 200 and what became of it instead of 204."),
});

const rules = {
  access: any(
    "Who may pass: `{allow_ips, deny_ips, tokens, basic, forward, required_users, required_emails, required_groups, excluded_paths}`.",
  ),
  limits: any("`{body, rate: {requests, per, burst}, concurrent}`; null: no limit."),
  timeouts: any("Milliseconds without a byte: `{connect, response, idle}`."),
  description: any("For people."),
};
const targetFields = {
  target_url: any("Where requests go: an http:// or https:// URL, or `service:<name>[:<port>]`."),
  target_urls: any("Several URLs that share the requests."),
  service_name: any("A service of ours or an external one, instead of a URL: `name` or `name:port`."),
  enabled: any("False: every request is answered 503."),
  http: any("On the HTTP port: serve, redirect (to HTTPS, the default where `enable_https`) or off."),
  enable_http: any("False is `http: off`."),
  enable_https: any("Serve it on the HTTPS port. Default true."),
  cert_name: any("Certificate; null: whichever fits the name."),
  preserve_host_header: any("The upstream sees the client's Host. Default true."),
  custom_headers: any("To the upstream, by name; null removes."),
  custom_response_headers: any("To the client, by name; null removes."),
  route_mode: any("all, selective or none."),
  enabled_routes: any("With `selective`: ids of routes."),
  disabled_routes: any("With `all`: ids of routes that do not apply."),
  balance: any("`{policy: p2c|least_connections|round_robin|cookie, retries}`."),
  health: any("`{path, interval, timeout, passes, fails, status}`; null: none but what requests show."),
  compression: any("gzip or brotli for text of 1 KiB or more."),
  error_pages: any("Status → HTML, for answers of the edge itself."),
  mode: any("open, paused or maintenance."),
  hold: any("Seconds a request waits while paused."),
  message: any("What visitors read during maintenance."),
  upstream_tls: any("`{ca, server_name, insecure}` for https: upstreams."),
  ...rules,
};
export const createTarget = z.looseObject({
  hostname: any("The host name; required."),
  ...targetFields,
  issue_certificate: any("Ask a CA for its certificate, once it is served. Default: true where `email` or `staging` is given."),
  email: any("Contact of the account at the CA; default: ACME_EMAIL."),
  staging: any("From the CA's staging server, which browsers do not trust."),
  skip_preflight: any("True: the CA is asked without looking first whether it can reach the host."),
});
export const changeTarget = z.looseObject(targetFields);
export const auth = z.looseObject({
  auth_enabled: any("False: everybody may pass, as after DELETE."),
  auth_proxy: any("The earlier way to say `forward.url`; also `auth_mode`, `auth_login_url`, `auth_required_users` …"),
  allow_ips: any("Networks that may pass; empty: all."),
  deny_ips: any("Networks that may not."),
  tokens: any("API tokens: `{names, scopes}`; names null: any token."),
  basic: any("`{realm, users: {<name>: {password, email, groups}}}`; passwords are kept as hashes, `***` leaves one as it is."),
  forward: any("Another service decides: `{url, mode, login_url, copy_headers, timeout, on_failure, headers, cache}`."),
  required_users: any("By exact match."),
  required_emails: any("By exact match."),
  required_groups: any("By exact match."),
  excluded_paths: any("Prefixes that need nothing."),
  pass_headers: any("Tell the upstream who it is. Default true."),
  hide_credentials: any("Take the token out before it is passed on. Default true."),
});
export const targetRoutes = z.looseObject({
  route_mode: targetFields.route_mode,
  enabled_routes: targetFields.enabled_routes,
  disabled_routes: targetFields.disabled_routes,
});
export const pause = z.object({
  hold: z.exactOptional(z.coerce.number()).describe("Seconds a request waits at most; default: what the target says."),
});
export const maintenance = z.looseObject({ message: any("What visitors read.") });
const step = z.object({ about: z.enum(["host", "path", "route", "target", "access", "answer"]), text: z.string() });
const candidate = z.object({ route: z.string(), pattern: z.string(), priority: z.number(), matched: z.boolean(), why: z.string() });
const conflict = z.object({ route: z.string(), other: z.string(), kind: z.enum(["ambiguous", "shadowed"]), why: z.string() });
export const explanation: z.ZodType<contract.ProxyExplanationAnswer> = z.object({
  method: z.string(),
  url: z.string(),
  client: z.string(),
  steps: z.array(step).describe("What happens, sentence by sentence."),
  candidates: z.array(candidate).describe("Routes of the target in the order they are tried."),
  omitted: z.number().describe("How many routes are not listed."),
  target: z.string().nullable(),
  route: z.string().nullable(),
  status: z.number().nullable().describe("Of an answer of the edge itself; null: the upstream answers."),
  location: z.string().nullable(),
  upstream: z.string().nullable(),
  upstream_path: z.string().nullable(),
  conflicts: z.array(conflict),
});
export const question = z.object({
  url: z.string().min(1).max(8_192).describe("As `https://app.example/api/v1?x=1`."),
  method: z.string().min(1).max(16).default("GET"),
  client: z.string().min(1).max(64).default("127.0.0.1").describe("Address of whoever asks."),
});

const routeFields = {
  path_pattern: any("`/api` is the path itself and all below it."),
  is_regex: any("The pattern is a regular expression, anchored at the start."),
  exact: any("Only the path itself."),
  target_type: any("port, service, hostname, url or redirect."),
  target_value: any("The port, `service[:port]`, host, URL, or where a redirect goes."),
  status: any("Of a redirect: 301, 302, 303, 307 or 308."),
  priority: any("0–999, default 50; higher first."),
  methods: any("Null: all."),
  headers: any("By name; null: the header is there. All must match."),
  query: any("By name; null: the parameter is there. All must match."),
  clients: any("Networks; empty: everybody."),
  scope: any("global, or proxy with `proxy_hostnames`."),
  proxy_hostnames: any("Hosts it is made for."),
  enabled: any("False: it is as if it were not there."),
  strip_prefix: any("Taken off the path."),
  rewrite: any("`{pattern, replacement}` on the path."),
  add_prefix: any("Put before the path."),
  override_access: any("Its access may be less strict than the target's."),
  ...rules,
};
export const createRoute = z.looseObject({ route_id: any("Default: made from the path."), ...routeFields });
export const changeRoute = z.looseObject(routeFields);

// Answers

const limits: z.ZodType<contract.ProxyLimitsAnswer> = z.object({
  body: z.number().nullable(),
  rate: z.object({ requests: z.number(), per: z.number(), burst: z.number() }).nullable(),
  concurrent: z.number().nullable(),
});
const timeouts: z.ZodType<contract.ProxyTimeoutsAnswer> = z.object({ connect: z.number(), response: z.number(), idle: z.number() });
const user = z.object({ password: z.string().describe("Always `***`."), email: z.string().nullable(), groups: list });
const access: z.ZodType<contract.ProxyAccessAnswer> = z.object({
  allow_ips: list,
  deny_ips: list,
  tokens: z.object({ names: list.nullable(), scopes: list }).nullable(),
  basic: z.object({ realm: z.string(), users: z.record(z.string(), user) }).nullable(),
  forward: z
    .object({
      url: z.string(),
      mode: z.enum(["forward", "redirect"]),
      login_url: z.string().nullable(),
      copy_headers: list,
      timeout: z.number(),
      on_failure: z.enum(["closed", "open"]),
      headers: z.record(z.string(), z.string()),
      cache: z
        .object({ seconds: z.number(), headers: list, paths: z.enum(["each", "all"]) })
        .nullable()
        .default(null),
    })
    .nullable(),
  required_users: list,
  required_emails: list,
  required_groups: list,
  excluded_paths: list,
  pass_headers: z.boolean(),
  hide_credentials: z.boolean(),
});
const stored = { description: z.string(), owner: z.string(), version: z.number(), created_at: millis, updated_at: millis };
const served = {
  served: z.boolean().describe("Every live edge worker follows the change already."),
  warnings: list.describe("What is named there but does not exist yet, and the like."),
};
const mode = z.enum(["all", "selective", "none"]);

const targetShape = {
  hostname: z.string(),
  target_url: z.string().describe("The first URL, or `service:<name>[:<port>]`."),
  target_urls: list,
  urls: list.describe("Where it is reached now; nowhere while it is disabled, or no edge worker lives."),
  problem: z.string().nullable().describe("Why the edge cannot serve it as it is stored; null: it can."),
  failing: z
    .array(z.object({ upstream: z.string(), endpoint: z.string(), asked: z.boolean(), why: z.string() }))
    .describe("Upstreams that fail now; `asked`: all the same, because no other one is well."),
  enabled: z.boolean(),
  http: z.enum(["serve", "redirect", "off"]),
  enable_http: z.boolean(),
  enable_https: z.boolean(),
  cert_name: z.string().nullable(),
  preserve_host_header: z.boolean(),
  custom_headers: texts,
  custom_response_headers: texts,
  route_mode: mode,
  enabled_routes: list,
  disabled_routes: list,
  access: access.nullable(),
  balance: z.object({ policy: z.string(), retries: z.number() }),
  health: z.record(z.string(), z.unknown()).nullable(),
  limits,
  timeouts,
  compression: z.boolean(),
  error_pages: z.record(z.string(), z.string()),
  mode: z.enum(["open", "paused", "maintenance"]),
  hold: z.number().describe("Seconds."),
  message: z.string().nullable(),
  upstream_tls: z.object({ ca: z.string().nullable(), server_name: z.string().nullable(), insecure: z.boolean() }),
  ...stored,
};
export const target: z.ZodType<contract.ProxyTargetAnswer> = z.object(targetShape);
export const targetDone: z.ZodType<contract.ProxyTargetDoneAnswer> = z.object({ ...targetShape, ...served });
export const targetMade: z.ZodType<contract.ProxyTargetMadeAnswer> = z.object({
  ...targetShape,
  ...served,
  certificate: z
    .object({ name: z.string(), status: z.string() })
    .nullable()
    .describe("That was ordered, or fits already; null: none was wanted, needed or possible."),
  certificate_problem: z.string().nullable().describe("Why none could be ordered, and what to do; it is among the warnings."),
});
export const targets: z.ZodType<contract.ProxyTargetsAnswer> = z.object({ items: z.array(target) });
export const targetRemoved: z.ZodType<contract.ProxyTargetRemovedAnswer> = z.object({
  hostname: z.string(),
  certificate: z
    .object({ cert_name: z.string(), deleted: z.boolean(), used_by: list.describe("Other hosts it stays for.") })
    .nullable()
    .describe("Null: it had none."),
  detail: z.string().describe("The same as a sentence."),
});
export const targetAuth: z.ZodType<contract.ProxyAuthAnswer> = z.object({
  hostname: z.string(),
  auth_enabled: z.boolean(),
  access: access.nullable(),
});

const routeShape = {
  route_id: z.string(),
  path_pattern: z.string(),
  is_regex: z.boolean(),
  exact: z.boolean(),
  target_type: z.enum(["port", "service", "hostname", "url", "redirect"]),
  target_value: z.string(),
  status: z.number(),
  priority: z.number(),
  methods: list.nullable(),
  headers: texts,
  query: texts,
  clients: list,
  scope: z.enum(["global", "proxy"]),
  proxy_hostnames: list,
  enabled: z.boolean(),
  strip_prefix: z.string().nullable(),
  rewrite: z.object({ pattern: z.string(), replacement: z.string() }).nullable(),
  add_prefix: z.string().nullable(),
  access: access.nullable(),
  override_access: z.boolean(),
  limits: limits.nullable(),
  timeouts: timeouts.nullable(),
  ...stored,
};
const route: z.ZodType<contract.ProxyRouteAnswer> = z.object(routeShape);
export const oneRoute = route;
export const routeDone: z.ZodType<contract.ProxyRouteDoneAnswer> = z.object({ ...routeShape, ...served });
const relation: z.ZodType<contract.ProxyRouteRelation> = z.object({
  other: z.string(),
  kind: z
    .enum(["ambiguous", "shadowed", "shadows"])
    .describe("Only their ids decide; it is never asked because of the other; the other way round."),
  why: z.string().describe("As a sentence that begins with the route."),
});
export const routes: z.ZodType<contract.ProxyRoutesAnswer> = z.object({
  items: z.array(z.object({ ...routeShape, conflicts: z.array(relation) })),
});
export const appliedRoutes: z.ZodType<contract.ProxyTargetRoutesAnswer> = z.object({
  hostname: z.string(),
  route_mode: mode,
  enabled_routes: list,
  disabled_routes: list,
  routes: z.array(route).describe("Those that apply, in the order they are tried."),
});
