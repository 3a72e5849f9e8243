/** Targets in rows and words. */
import type { ProxyAccessAnswer, ProxyTargetAnswer, ProxyTargetDoneAnswer } from "../contract.ts";
import { ago, counted, facts, line, paint, printable, type Column } from "./output.ts";

export const TARGET_COLUMNS: readonly Column<ProxyTargetAnswer>[] = [
  { title: "HOST", value: ({ hostname }) => hostname },
  { title: "TO", value: upstreamWords },
  { title: "STATE", value: stateWords },
  { title: "HTTP", value: httpWords },
  { title: "HTTPS", value: httpsWords },
  { title: "ACCESS", value: ({ access }) => accessWords(access) },
  { title: "ROUTES", value: routeWords },
];

/** `http://127.0.0.1:9000 and 1 more`, `service web` */
function upstreamWords({ target_url: url, target_urls: urls }: ProxyTargetAnswer): string {
  if (urls.length === 0) return url.replace(/^service:/, "service ");
  return urls.length === 1 ? url : `${url} and ${urls.length - 1} more`;
}

/** Who may pass, in a few words. */
export function accessWords(access: ProxyAccessAnswer | null): string {
  if (access === null) return "everybody";
  const { tokens, basic, forward, allow_ips: allowed, deny_ips: denied } = access;
  const ways = [
    tokens === null ? "" : `tokens${tokens.names === null ? "" : ` ${tokens.names.join(" ")}`}`,
    basic === null ? "" : `basic (${counted(Object.keys(basic.users).length, "user")})`,
    forward === null ? "" : "forward-auth",
  ].filter((way) => way !== "");
  const from = [
    ...(allowed.length === 0 ? [] : [`from ${allowed.join(" ")}`]),
    ...(denied.length === 0 ? [] : [`not from ${denied.join(" ")}`]),
  ];
  return [ways.join(" or "), ...from].filter((part) => part !== "").join(", ") || "everybody";
}

export function targetPage(target: ProxyTargetAnswer): void {
  line(`${markOf(target)} ${paint("bold", printable(target.hostname))} – ${stateWords(target)}`);
  // What is stored is not whole: nothing of it can be relied upon.
  if (target.problem !== null) return facts(mending(target));
  facts([
    ...target.urls.map((url) => ["open", url] as const),
    ["to", target.target_urls.length === 0 ? upstreamWords(target) : target.target_urls.join(", ")],
    ["http", httpWords(target)],
    ["https", httpsWords(target)],
    ...failing(target),
    ["access", accessWords(target.access)],
    ...excluded(target.access),
    ["routes", `${routeWords(target)}   (tidegate proxy routes ${target.hostname})`],
    ...optional(target),
    ["owner", target.owner],
    ["changed", `${new Date(target.updated_at).toISOString()} (${ago(target.updated_at)}), version ${target.version}`],
  ]);
}

/** What a change came to, what is still missing, and what to do next. */
export function targetDone(target: ProxyTargetDoneAnswer, words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
  facts([
    ["to", upstreamWords(target)],
    ...target.urls.map((url) => ["open", url] as const),
    ["access", accessWords(target.access)],
    ["next", `tidegate proxy show ${target.hostname}`],
  ]);
  afterChange(target, target.urls.length);
}

/** What a person must know beside that it is done. */
export function afterChange({ served, warnings }: { readonly served: boolean; readonly warnings: readonly string[] }, reached = 1): void {
  if (!served) warn("It is kept, but not every edge worker serves it yet. See: tidegate status");
  else if (reached === 0) warn("No edge worker listens for it at the moment. See: tidegate status");
  for (const warning of warnings) warn(warning);
}

// Private

function mending({ hostname, owner, version }: ProxyTargetAnswer): (readonly [string, string])[] {
  return [
    ["owner", owner],
    ["version", String(version)],
    ["go back", `tidegate config history target ${hostname}, then tidegate config rollback target ${hostname} <version>`],
    ["or anew", `tidegate proxy rm ${hostname}, then tidegate proxy create ${hostname} <to>`],
  ];
}

function warn(words: string): void {
  line(`${paint("yellow", "!")} ${printable(words)}`);
}

function markOf({ enabled, mode, urls, failing: broken }: ProxyTargetAnswer): string {
  return enabled && mode === "open" && urls.length > 0 && broken.length === 0 ? paint("green", "●") : paint("yellow", "●");
}

function stateWords({ enabled, mode, hold, urls, problem, failing: broken }: ProxyTargetAnswer): string {
  if (problem !== null) return `left out by the edge: ${problem}`;
  if (!enabled) return "disabled: 503";
  if (mode === "maintenance") return "maintenance: 503";
  if (mode === "paused") return `paused: requests wait up to ${hold} s`;
  if (urls.length === 0) return "nobody serves it";
  return broken.length === 0 ? "served" : `served; ${counted(broken.length, "upstream")} failing`;
}

function failing({ failing: broken, target_urls: urls }: ProxyTargetAnswer): (readonly [string, string])[] {
  return broken.map(({ upstream, endpoint, asked, why }) => {
    const place = urls.length > 0 ? endpoint : `${upstream} at ${endpoint}`;
    const met = why.startsWith(`${endpoint}: `) ? why.slice(endpoint.length + 2) : why;
    return ["failing", `${place}: ${met} (${asked ? "asked all the same: no other is well" : "left out"})`];
  });
}

function httpWords({ http }: ProxyTargetAnswer): string {
  return http === "redirect" ? "to https" : http === "serve" ? "served" : "off";
}

function httpsWords({ enable_https: on, cert_name: name }: ProxyTargetAnswer): string {
  return on ? (name ?? "served") : "off";
}

function routeWords({ route_mode: mode, enabled_routes: on, disabled_routes: off }: ProxyTargetAnswer): string {
  if (mode === "none") return "none";
  if (mode === "selective") return on.length === 0 ? "none of them" : on.join(" ");
  return off.length === 0 ? "all" : `all but ${off.join(" ")}`;
}

function excluded(access: ProxyAccessAnswer | null): (readonly [string, string])[] {
  const found = access?.excluded_paths ?? [];
  return found.length === 0 ? [] : [["open paths", found.join(" ")]];
}

/** What differs from what every target has. */
function optional(target: ProxyTargetAnswer): (readonly [string, string])[] {
  const { limits, health, balance, target_urls: urls, message, mode, description, upstream_tls: tls } = target;
  return [
    ...(target.preserve_host_header ? [] : [["host header", "the upstream's own"] as const]),
    ...headerFacts("header", target.custom_headers),
    ...headerFacts("answer header", target.custom_response_headers),
    ...(urls.length > 1 || balance.policy !== "p2c" ? [["balance", balance.policy] as const] : []),
    ...(health === null ? [] : [["health", `GET ${String(health["path"])} every ${String(health["interval"])} s`] as const]),
    ...(limits.body === null ? [] : [["largest body", `${limits.body} bytes`] as const]),
    ...(limits.rate === null ? [] : [["rate", `${limits.rate.requests} in ${limits.rate.per} s for each client`] as const]),
    ...(limits.concurrent === null ? [] : [["at once", `${limits.concurrent} for each client`] as const]),
    ...(target.compression ? [["compression", "on"] as const] : []),
    ...(tls.insecure ? [["upstream TLS", "not checked"] as const] : []),
    ...(mode === "maintenance" && message !== null ? [["message", message] as const] : []),
    ...(description === "" ? [] : [["description", description] as const]),
  ];
}

function headerFacts(title: string, headers: Readonly<Record<string, string | null>>): (readonly [string, string])[] {
  return Object.entries(headers).map(([name, value]) => [title, value === null ? `without ${name}` : `${name}: ${value}`]);
}
