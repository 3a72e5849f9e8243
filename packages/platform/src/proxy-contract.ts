/** REST answers of targets and routes, in the earlier systems' names of fields. Times are unix milliseconds. */

export interface ProxyTargetAnswer {
  readonly hostname: string;
  /** `http://127.0.0.1:9000`, or `service:<name>[:<port>]`; of several URLs the first. */
  readonly target_url: string;
  /** All of them; none where it is a service. */
  readonly target_urls: readonly string[];
  /** Where it is reached now: `https://app.example:8443`; nowhere while it is disabled, or no edge worker lives. */
  readonly urls: readonly string[];
  /** Why the edge cannot serve it as it is stored: `the field limits is missing`; null: it can. */
  readonly problem: string | null;
  /** Upstreams that fail now, by what requests and checks have met there. */
  readonly failing: readonly ProxyFailingAnswer[];
  readonly enabled: boolean;
  /** On the HTTP port: served, sent to HTTPS, or nothing. */
  readonly http: "serve" | "redirect" | "off";
  readonly enable_http: boolean;
  readonly enable_https: boolean;
  readonly cert_name: string | null;
  readonly preserve_host_header: boolean;
  readonly custom_headers: Readonly<Record<string, string | null>>;
  readonly custom_response_headers: Readonly<Record<string, string | null>>;
  readonly route_mode: "all" | "selective" | "none";
  readonly enabled_routes: readonly string[];
  readonly disabled_routes: readonly string[];
  /** Passwords and header values as `***`. */
  readonly access: ProxyAccessAnswer | null;
  readonly balance: { readonly policy: string; readonly retries: number };
  readonly health: Readonly<Record<string, unknown>> | null;
  readonly limits: ProxyLimitsAnswer;
  readonly timeouts: ProxyTimeoutsAnswer;
  readonly compression: boolean;
  readonly error_pages: Readonly<Record<string, string>>;
  readonly mode: "open" | "paused" | "maintenance";
  /** Seconds. */
  readonly hold: number;
  readonly message: string | null;
  readonly upstream_tls: { readonly ca: string | null; readonly server_name: string | null; readonly insecure: boolean };
  readonly description: string;
  readonly owner: string;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface ProxyFailingAnswer {
  /** The service, or the host and port of the first URL. */
  readonly upstream: string;
  /** `127.0.0.1:9000` */
  readonly endpoint: string;
  /** Asked all the same, because no other one of the upstream is well. */
  readonly asked: boolean;
  readonly why: string;
}

export interface ProxyLimitsAnswer {
  readonly body: number | null;
  readonly rate: { readonly requests: number; readonly per: number; readonly burst: number } | null;
  readonly concurrent: number | null;
}

/** Milliseconds. */
export interface ProxyTimeoutsAnswer {
  readonly connect: number;
  readonly response: number;
  readonly idle: number;
}

export interface ProxyAccessAnswer {
  readonly allow_ips: readonly string[];
  readonly deny_ips: readonly string[];
  readonly tokens: { readonly names: readonly string[] | null; readonly scopes: readonly string[] } | null;
  readonly basic: {
    readonly realm: string;
    readonly users: Readonly<
      Record<string, { readonly password: string; readonly email: string | null; readonly groups: readonly string[] }>
    >;
  } | null;
  readonly forward: {
    readonly url: string;
    readonly mode: "forward" | "redirect";
    readonly login_url: string | null;
    readonly copy_headers: readonly string[];
    readonly timeout: number;
    readonly on_failure: "closed" | "open";
    readonly headers: Readonly<Record<string, string>>;
    readonly cache: { readonly seconds: number; readonly headers: readonly string[]; readonly paths: "each" | "all" } | null;
  } | null;
  readonly required_users: readonly string[];
  readonly required_emails: readonly string[];
  readonly required_groups: readonly string[];
  readonly excluded_paths: readonly string[];
  readonly pass_headers: boolean;
  readonly hide_credentials: boolean;
}

/** Of whatever was changed. */
export interface ServedAnswer {
  /** Every live edge worker follows the change already. False: it is kept, and followed as soon as one can. */
  readonly served: boolean;
  /** What is named there but does not exist yet, and the like. */
  readonly warnings: readonly string[];
}

export type ProxyTargetDoneAnswer = ProxyTargetAnswer & ServedAnswer;

/** `POST /api/v1/proxy/targets` */
export type ProxyTargetMadeAnswer = ProxyTargetDoneAnswer & {
  /** That was ordered with `issue_certificate`, or fits already; null: none was wanted, needed or possible. */
  readonly certificate: { readonly name: string; readonly status: string } | null;
  /** Why none could be ordered, and what to do; it is among the warnings. Null: none was wanted or needed, or it is ordered. */
  readonly certificate_problem: string | null;
};

export interface ProxyTargetsAnswer {
  readonly items: readonly ProxyTargetAnswer[];
}

/** `DELETE /api/v1/proxy/targets/{host}?delete_certificate=true` */
export interface ProxyTargetRemovedAnswer {
  readonly hostname: string;
  /** Null: it had none. */
  readonly certificate: {
    readonly cert_name: string;
    readonly deleted: boolean;
    /** Other hosts it stays for. */
    readonly used_by: readonly string[];
  } | null;
  /** The same as a sentence. */
  readonly detail: string;
}

/** `GET /api/v1/proxy/targets/{host}/auth` */
export interface ProxyAuthAnswer {
  readonly hostname: string;
  readonly auth_enabled: boolean;
  readonly access: ProxyAccessAnswer | null;
}

/** `GET /api/v1/proxy/targets/{host}/routes` */
export interface ProxyTargetRoutesAnswer {
  readonly hostname: string;
  readonly route_mode: "all" | "selective" | "none";
  readonly enabled_routes: readonly string[];
  readonly disabled_routes: readonly string[];
  /** Those that apply, in the order they are tried. */
  readonly routes: readonly ProxyRouteAnswer[];
}

export interface ProxyRouteAnswer {
  readonly route_id: string;
  readonly path_pattern: string;
  readonly is_regex: boolean;
  readonly exact: boolean;
  readonly target_type: "port" | "service" | "hostname" | "url" | "redirect";
  readonly target_value: string;
  readonly status: number;
  readonly priority: number;
  /** Null: all. */
  readonly methods: readonly string[] | null;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly query: Readonly<Record<string, string | null>>;
  readonly clients: readonly string[];
  readonly scope: "global" | "proxy";
  readonly proxy_hostnames: readonly string[];
  readonly enabled: boolean;
  readonly strip_prefix: string | null;
  readonly rewrite: { readonly pattern: string; readonly replacement: string } | null;
  readonly add_prefix: string | null;
  readonly access: ProxyAccessAnswer | null;
  readonly override_access: boolean;
  readonly limits: ProxyLimitsAnswer | null;
  readonly timeouts: ProxyTimeoutsAnswer | null;
  readonly description: string;
  readonly owner: string;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export type ProxyRouteDoneAnswer = ProxyRouteAnswer & ServedAnswer;

/** How a route stands to another one. */
export interface ProxyRouteRelation {
  readonly other: string;
  /** `ambiguous`: only their ids decide. `shadowed`: it is never asked because of `other`; `shadows`: the other way round. */
  readonly kind: "ambiguous" | "shadowed" | "shadows";
  readonly why: string;
}

export interface ListedRouteAnswer extends ProxyRouteAnswer {
  readonly conflicts: readonly ProxyRouteRelation[];
}

export interface ProxyRoutesAnswer {
  readonly items: readonly ListedRouteAnswer[];
}

/** `GET /api/v1/proxy/explain` */
export interface ProxyExplanationAnswer {
  readonly method: string;
  readonly url: string;
  readonly client: string;
  readonly steps: readonly { readonly about: "host" | "path" | "route" | "target" | "access" | "answer"; readonly text: string }[];
  readonly candidates: readonly {
    readonly route: string;
    readonly pattern: string;
    readonly priority: number;
    readonly matched: boolean;
    readonly why: string;
  }[];
  readonly omitted: number;
  readonly target: string | null;
  readonly route: string | null;
  /** Of an answer of the edge itself; null: the upstream answers. */
  readonly status: number | null;
  readonly location: string | null;
  readonly upstream: string | null;
  readonly upstream_path: string | null;
  readonly conflicts: readonly {
    readonly route: string;
    readonly other: string;
    readonly kind: "ambiguous" | "shadowed";
    readonly why: string;
  }[];
}
