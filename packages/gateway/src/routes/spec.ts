/**
 * What the front door does with a host name (a target) and with some of its paths (a route), in the earlier systems' names of fields. Shapes only;
 * `check-target.ts` and `check-route.ts` check and complete what a person sends. Everything that was left out has its default.
 */
import type { Sealed } from "../store/entity.ts";

export const ROUTE_MODES = ["all", "selective", "none"] as const;
export const ROUTE_TARGETS = ["port", "service", "hostname", "url", "redirect"] as const;
export const BALANCE_POLICIES = ["p2c", "least_connections", "round_robin", "cookie"] as const;

/** Where requests go. `service`: a service of ours or an external one, `:port` names one of its ports. `url`: http or https, its path is a prefix. */
export type Upstream =
  | { readonly kind: "url"; readonly urls: readonly string[] }
  | { readonly kind: "service"; readonly service: string; readonly port: string | null };

/** `data` of a `target` entity; its name is the host: `app.example`, `*.app.example` (one label), `localhost`; lower case, punycode, without port. */
export interface TargetData {
  readonly upstream: Upstream;
  /** False: 503. */
  readonly enabled: boolean;
  /** Served on the HTTP port: `serve`, or sent to HTTPS (308), or not at all (404). Default redirect where `enable_https`. */
  readonly http: "serve" | "redirect" | "off";
  readonly enable_https: boolean;
  /** Of the store. Null: whichever fits the name; for `localhost`, `*.localhost`, `*.test`, `*.internal` one of the local authority. */
  readonly cert_name: string | null;
  /** The upstream sees the client's Host; else its own. Default true. */
  readonly preserve_host_header: boolean;
  /** To the upstream; null removes. Never those of `edge/headers` that we own. */
  readonly custom_headers: Readonly<Record<string, string | null>>;
  /** To the client. */
  readonly custom_response_headers: Readonly<Record<string, string | null>>;
  readonly route_mode: (typeof ROUTE_MODES)[number];
  /** Ids: with `selective` only these; with `all` all but `disabled_routes`. */
  readonly enabled_routes: readonly string[];
  readonly disabled_routes: readonly string[];
  readonly access: AccessSpec | null;
  readonly balance: BalanceSpec;
  readonly health: HealthCheckSpec | null;
  readonly limits: LimitSpec;
  readonly timeouts: TimeoutSpec;
  /** gzip or brotli where the client takes it and the answer is text of 1 KiB or more. Default false. */
  readonly compression: boolean;
  /** Status → HTML of at most 64 KiB, for answers of the edge itself. */
  readonly error_pages: Readonly<Record<string, string>>;
  /** `maintenance`: 503 with `message`. `paused`: requests wait up to `hold` seconds, then 503. */
  readonly mode: "open" | "paused" | "maintenance";
  readonly hold: number;
  readonly message: string | null;
  /** TLS to `https:` upstreams: checked against the system's authorities and this PEM; `insecure` checks nothing. */
  readonly upstream_tls: { readonly ca: string | null; readonly server_name: string | null; readonly insecure: boolean };
  readonly description: string;
  readonly owner: string;
}

/** `data` of a `route` entity; its name is the route's id (`^[a-z0-9][a-z0-9_-]{0,62}$`). */
export interface RouteData {
  /** `/api` is the path itself and all below it, never `/apix`; `is_regex`: anchored at the start of the path. */
  readonly path_pattern: string;
  readonly is_regex: boolean;
  /** Only the path itself. */
  readonly exact: boolean;
  readonly target_type: (typeof ROUTE_TARGETS)[number];
  /** A port of this machine, `service[:port]`, a host name of another target, a URL, or where a redirect goes (`{path}`, `{query}`, `{host}`). */
  readonly target_value: string;
  /** Of a redirect: 301, 302, 303, 307, 308. Default 308. */
  readonly status: number;
  /** 0–999, default 50; higher first. Among equals: exact, then longer prefix, then regex, then more matchers, then id. */
  readonly priority: number;
  /** Null: all. */
  readonly methods: readonly string[] | null;
  /** All must match. Value null: the header is there. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly query: Readonly<Record<string, string | null>>;
  /** CIDRs; empty: everybody. */
  readonly clients: readonly string[];
  readonly scope: "global" | "proxy";
  /** Hosts, as the names of targets; required with scope proxy. */
  readonly proxy_hostnames: readonly string[];
  readonly enabled: boolean;
  /** In this order, on the normalised path; the result is normalised again. */
  readonly strip_prefix: string | null;
  readonly rewrite: { readonly pattern: string; readonly replacement: string } | null;
  readonly add_prefix: string | null;
  /** Null: the target's. Only with `override_access` less strict than that. */
  readonly access: AccessSpec | null;
  readonly override_access: boolean;
  readonly limits: LimitSpec | null;
  readonly timeouts: TimeoutSpec | null;
  readonly description: string;
  readonly owner: string;
}

/** Who may pass. IP lists are asked first, then any one of `tokens`, `basic`, `forward` that is given; with none of them IP lists alone decide. */
export interface AccessSpec {
  readonly allow_ips: readonly string[];
  readonly deny_ips: readonly string[];
  /** API tokens (`Authorization: Bearer`, `X-Tidegate-Token`). */
  readonly tokens: { readonly names: readonly string[] | null; readonly scopes: readonly string[] } | null;
  readonly basic: { readonly realm: string; readonly users: Readonly<Record<string, BasicUser>> } | null;
  readonly forward: ForwardAuth | null;
  /** By exact match, on what tokens, basic and forward say of who it is. Empty: anybody who is let in. */
  readonly required_users: readonly string[];
  readonly required_emails: readonly string[];
  readonly required_groups: readonly string[];
  /** Prefixes of the normalised path that need nothing; segment-aware. Default none. */
  readonly excluded_paths: readonly string[];
  /** Tells the upstream who it is: `X-Auth-User-Id`, `-User-Name`, `-User-Email`, `-User-Groups`. Default true. */
  readonly pass_headers: boolean;
  /** Takes the token out before it is passed on. Default true. */
  readonly hide_credentials: boolean;
}

export interface BasicUser {
  /** `scrypt$N$r$p$salt$hash`, base64url. */
  readonly hash: string;
  readonly email: string | null;
  readonly groups: readonly string[];
}

/** GET there with the request's method, URL and headers; 2xx lets in. */
export interface ForwardAuth {
  readonly url: string;
  /** `forward`: its 401, 403 or redirect is the answer. `redirect`: 302 to `login_url`. */
  readonly mode: "forward" | "redirect";
  readonly login_url: string | null;
  /** Its answer's headers that the upstream gets. */
  readonly copy_headers: readonly string[];
  /** Milliseconds. Default 5000. */
  readonly timeout: number;
  /** What happens when it does not answer: 503, or the request goes on as nobody. Default closed. */
  readonly on_failure: "closed" | "open";
  /** Header values it is asked with. */
  readonly headers: Readonly<Record<string, string | Sealed>>;
  /** Null: each request is asked about. */
  readonly cache: ForwardCache | null;
}

/** How long a yes holds for all that was told alike. Of the client's fields the service is told `headers` alone then. */
export interface ForwardCache {
  readonly seconds: number;
  /** Lower case. Default authorization and cookie. */
  readonly headers: readonly string[];
  /** `all`: a yes for one path and query is one for each of the rule's. Default each. */
  readonly paths: "each" | "all";
}

export interface BalanceSpec {
  readonly policy: (typeof BALANCE_POLICIES)[number];
  /** Tries after the first, where nothing was sent or the method allows. Default 2. */
  readonly retries: number;
}

/** Active: asked every `interval` s. Passive is always on: 3 failures within 10 s take an upstream out for 10 s, never the last one. */
export interface HealthCheckSpec {
  readonly path: string;
  /** Seconds. Defaults 10, 5. */
  readonly interval: number;
  readonly timeout: number;
  /** In a row. Defaults 2, 3. */
  readonly passes: number;
  readonly fails: number;
  /** Null: 200–399. */
  readonly status: number | null;
}

export interface LimitSpec {
  /** Bytes of a request body; null: no limit. 413. */
  readonly body: number | null;
  /** Per client address; null: no limit. 429 with Retry-After. */
  readonly rate: { readonly requests: number; /** Seconds. */ readonly per: number; readonly burst: number } | null;
  /** Requests at the same time per client address. 429. */
  readonly concurrent: number | null;
}

/** Milliseconds without a byte, never in total. 504. */
export interface TimeoutSpec {
  /** Defaults 5000, 60000, 60000. */
  readonly connect: number;
  /** Until the first byte of the answer. */
  readonly response: number;
  /** Between bytes of bodies, either way. WebSockets and event streams have none. */
  readonly idle: number;
}
