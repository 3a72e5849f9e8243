/** REST answers of the gateway's control side and of tokens, in the earlier systems' names of fields. Times are unix milliseconds. */

export const RESOURCES = [
  "messages",
  "groups",
  "logs",
  "traces",
  "alerts",
  "services",
  "ports",
  "certificates",
  "proxy",
  "routes",
  "tokens",
  "config",
  "system",
] as const;
export type Resource = (typeof RESOURCES)[number];
/**
 * `read` sees everything of a resource; `write` also changes it, where things have owners only one's own; `admin` also those of others. `*` is all
 * of all. Each contains the one before.
 */
export type Scope = "*" | `${Resource}:${"read" | "write" | "admin"}`;

export interface TokenAnswer {
  readonly name: string;
  readonly email: string | null;
  readonly scopes: readonly Scope[];
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  /** To the minute. */
  readonly last_used_at: number | null;
  readonly rotated_at: number | null;
  /** `revoking`: refused already; what it owns is being removed, and DELETE goes on with that. */
  readonly state: "active" | "expired" | "revoking";
  /** First characters, to tell them apart. */
  readonly hint: string;
  readonly version: number;
  /** What it created and still is there. */
  readonly owns: Readonly<Partial<Record<Resource, number>>>;
}

/** The secret is shown here and nowhere else. */
export interface NewTokenAnswer extends TokenAnswer {
  readonly token: string;
}

/** `DELETE /api/v1/tokens/{name}` */
export interface RevokedAnswer {
  readonly name: string;
  /** What went with it. */
  readonly removed: Readonly<Partial<Record<Resource, number>>>;
  /** What belongs to `passed_to` now. */
  readonly passed: Readonly<Partial<Record<Resource, number>>>;
  readonly passed_to: string | null;
  /** The same as a sentence. */
  readonly detail: string;
}

export interface TokensAnswer {
  readonly items: readonly TokenAnswer[];
}

export interface ServicePortAnswer {
  readonly port_name: string;
  /** Null before it is claimed. */
  readonly host_port: number | null;
  readonly container_port: number;
  readonly bind_address: string;
  readonly protocol: "tcp" | "udp";
  readonly require_token: boolean;
  readonly require_certificate: boolean;
  readonly description: string;
}

export interface ServiceFailureAnswer {
  readonly at: number;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly log_tail: readonly string[];
  readonly trace: string | null;
}

export interface ServiceAnswer {
  readonly service_name: string;
  readonly status: "creating" | "running" | "paused" | "stopped" | "updating" | "failed" | "deleting";
  readonly version: number;
  readonly generation: number;
  readonly image: string | null;
  readonly build_context: string | null;
  readonly dockerfile_path: string | null;
  readonly container_id: string | null;
  readonly address: string | null;
  readonly port_configs: readonly ServicePortAnswer[];
  readonly command: readonly string[] | null;
  /** Secret ones stand as `***`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** As `512m`. */
  readonly memory_limit: string;
  readonly cpu_limit: number;
  readonly pids_limit: number;
  readonly restart_policy: string;
  readonly healthcheck: Readonly<Record<string, unknown>>;
  readonly read_only_root: boolean;
  readonly user: string | null;
  readonly strategy: string;
  readonly drain_timeout: number;
  readonly stop_timeout: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly owner: string;
  readonly origin: "created" | "adopted";
  /** The host name it was made with; its target goes with it. */
  readonly auto_proxy: string | null;
  readonly operation: {
    readonly id: string;
    readonly kind: string;
    readonly by: string;
    readonly at: number;
    readonly trace: string;
  } | null;
  readonly failure: ServiceFailureAnswer | null;
  readonly previous: { readonly generation: number; readonly image: string | null } | null;
}

/** The target a service was made with. */
export interface ServiceProxyAnswer {
  readonly hostname: string;
  /** Where it is reached now. */
  readonly urls: readonly string[];
  /** What is still missing, as a certificate. */
  readonly warnings: readonly string[];
}

/** Answer of what changes a service. */
export interface ServiceDoneAnswer {
  readonly service: ServiceAnswer;
  /** Of one that was just made with `auto_proxy`. */
  readonly proxy?: ServiceProxyAnswer;
  readonly operation: { readonly id: string; readonly kind: string; readonly duration_ms: number };
}

export interface ServicesAnswer {
  readonly items: readonly ServiceAnswer[];
  readonly docker: DockerAnswer;
}

export interface DockerAnswer {
  readonly available: boolean;
  readonly version: string | null;
  /** One line: what is missing, and how to get it. */
  readonly problem: string | null;
}

export interface ExternalServiceAnswer {
  readonly service_name: string;
  readonly url: string;
  readonly description: string;
  readonly owner: string;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface ExternalServicesAnswer {
  readonly items: readonly ExternalServiceAnswer[];
}

/** `GET /api/v1/services/{name}/ports` */
export interface ServicePortsAnswer {
  readonly service_name: string;
  readonly items: readonly ServicePortAnswer[];
}

/** `POST /api/v1/services/cleanup` */
export interface CleanUpAnswer {
  /** True: this is what would be removed. */
  readonly dry_run: boolean;
  readonly containers: readonly { readonly id: string; readonly name: string }[];
  readonly ports: readonly { readonly port: number; readonly owner: string }[];
}

export interface UnifiedAnswer {
  readonly items: readonly {
    readonly name: string;
    readonly type: "docker" | "external";
    readonly url: string | null;
    readonly state: string;
  }[];
}

export interface ServiceStatsAnswer {
  readonly service_name: string;
  readonly cpu_usage: number;
  readonly memory_usage: number;
  readonly memory_limit: number;
  readonly memory_percentage: number;
  readonly network_rx_bytes: number;
  readonly network_tx_bytes: number;
  readonly block_read_bytes: number;
  readonly block_write_bytes: number;
  readonly pids: number;
}

export interface ServiceLogsAnswer {
  readonly service_name: string;
  readonly lines: readonly { readonly stream: "stdout" | "stderr"; readonly at: number | null; readonly text: string }[];
}

export interface PortAnswer {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly bind_address: string;
  readonly owner: string;
  readonly by: string;
  readonly allocated_at: number;
  readonly expires_at: number | null;
  readonly description: string;
}

export interface PortsAnswer {
  readonly items: readonly PortAnswer[];
}

export interface PortCheckAnswer {
  readonly port: number;
  readonly bind_address: string;
  readonly protocol: "tcp" | "udp";
  readonly available: boolean;
  readonly reason: string | null;
  /** Who has it, for a person; null when nobody. */
  readonly holder: string | null;
}

export interface PortRangesAnswer {
  readonly items: readonly { readonly from: number; readonly to: number; readonly count: number }[];
}

export interface RevisionAnswer {
  readonly kind: string;
  readonly name: string;
  readonly version: number;
  readonly change: "created" | "updated" | "deleted" | "rolled_back" | "imported";
  readonly at: number;
  readonly by: string;
  readonly trace: string | null;
  /** Secrets as `***`. */
  readonly data?: unknown;
}

export interface RevisionsAnswer {
  readonly items: readonly RevisionAnswer[];
  readonly next: string | null;
}

export interface RollbackAnswer {
  readonly kind: string;
  readonly name: string;
  /** Of the new state, which is as that of the older version. */
  readonly version: number;
}

/** Names by what happens to them. */
export interface ImportedKindAnswer {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly same: readonly string[];
  readonly removed: readonly string[];
}

export interface ConfigImportAnswer {
  /** Nothing was done. */
  readonly dry_run: boolean;
  readonly kinds: Readonly<Record<string, ImportedKindAnswer>>;
  /** Services that could not be begun; everything else was done. */
  readonly problems: readonly { readonly name: string; readonly code: string; readonly message: string }[];
  /** What was brought in, but hardly as somebody wanted it. */
  readonly warnings: readonly string[];
}
