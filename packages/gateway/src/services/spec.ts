/**
 * What a service is to be, in the earlier systems' names of fields, and what the store knows of it. Shapes only; `check-spec.ts` checks and completes
 * what a person sends.
 */
import type { Sealed } from "../store/entity.ts";

export const RESTART_POLICIES = ["no", "always", "unless-stopped", "on-failure"] as const;
export const STRATEGIES = ["rolling", "recreate"] as const;

/** One port of a service. TCP ports belong to the edge, which passes connections on to whichever container serves. */
export interface PortSpec {
  /** `^[a-z0-9][a-z0-9_-]{0,31}$`, unique in the service. */
  readonly name: string;
  /** On this machine. A number: exactly this one, or the operation fails. A range: the first free one. Null: any free one of 11000–65535 */
  readonly host: number | { readonly from: number; readonly to: number } | null;
  /** In the container. */
  readonly container: number;
  /** Address of this machine: `127.0.0.1` (default), `0.0.0.0`, `::`, `::1`, or one of an interface. */
  readonly bind: string;
  /** UDP is published by Docker itself. */
  readonly protocol: "tcp" | "udp";
  /** Whoever connects must show one of these first. Null: open. TCP only. */
  readonly access: PortAccess | null;
  readonly description: string;
}

export interface PortAccess {
  /** SHA-256 (hex) of the accepted tokens; the tokens themselves are not kept. */
  readonly token_hashes: readonly string[];
  /** PEM of the authorities whose client certificates are accepted; then the port speaks TLS. */
  readonly client_ca: string | null;
}

export interface HealthSpec {
  /** `http`: GET `path` answers 200–399. `tcp`: something accepts. `docker`: the image's own HEALTHCHECK. */
  readonly kind: "http" | "tcp" | "docker";
  readonly path: string;
  /** Name of the port that is probed. Null: the first. */
  readonly port: string | null;
  /** Seconds. Defaults 1, 5, 30. */
  readonly interval: number;
  readonly timeout: number;
  /** How long it may take until it is healthy for the first time. */
  readonly deadline: number;
}

export interface BuildSpec {
  /** Folder inside the configured root of build contexts; null: only the Dockerfile. */
  readonly context: string | null;
  /** Path inside the context, or with `inline` its text. */
  readonly dockerfile: string;
  readonly inline: boolean;
  readonly args: Readonly<Record<string, string>>;
}

/** Complete: everything that was left out has its default. */
export interface ServiceSpec {
  /** One of the two. */
  readonly image: string | null;
  readonly build: BuildSpec | null;
  readonly pull: "missing" | "always" | "never";
  readonly command: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Encrypted at rest, `***` in every answer. Names that look like a secret come here by themselves. */
  readonly secret_environment: Readonly<Record<string, Sealed>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `name` without the service's prefix; never a path of this machine. */
  readonly volumes: readonly { readonly name: string; readonly path: string; readonly read_only: boolean }[];
  readonly networks: readonly string[];
  /** Bytes; at least 6 MiB. Default 512 MiB. */
  readonly memory_limit: number;
  /** Default 1. */
  readonly cpu_limit: number;
  /** Default 256. */
  readonly pids_limit: number;
  readonly restart_policy: (typeof RESTART_POLICIES)[number];
  readonly healthcheck: HealthSpec;
  readonly read_only_root: boolean;
  /** `uid[:gid]` or a name of the image. Null: the image's. */
  readonly user: string | null;
  readonly port_configs: readonly PortSpec[];
  /** `rolling`: the new container beside the old one. `recreate`: one after the other, connections wait. Default: recreate where there are
   * volumes or UDP ports. */
  readonly strategy: (typeof STRATEGIES)[number];
  /** Seconds connections may go on at the old container. Default 30. */
  readonly drain_timeout: number;
  /** Seconds between SIGTERM and SIGKILL. Default 10. */
  readonly stop_timeout: number;
}

const OPERATIONS = ["create", "update", "start", "stop", "restart", "rollback", "delete"] as const;
export type OperationKind = (typeof OPERATIONS)[number];

/**
 * creating → running | (gone) · running ⇄ stopped · running → paused → running · running → updating → running · any → deleting → (gone)
 * running → failed (its container ended by itself and stays down) → running. All transitions: `services/state.ts`.
 */
export type ServiceState = "creating" | "running" | "paused" | "stopped" | "updating" | "failed" | "deleting";

/** What is under way; in the store, so that another control process finishes it when this one is killed. */
export interface Operation {
  readonly id: string;
  readonly kind: OperationKind;
  /** W3C; every step is a span of it, whoever does it. */
  readonly traceparent: string;
  readonly by: string;
  /** Unix ms. */
  readonly at: number;
  /** The generation it makes. */
  readonly generation: number;
  /** What it is to be then; null where the spec stays. */
  readonly spec: ServiceSpec | null;
  /** The image it must be made from; null: what the spec names. */
  readonly image_id: string | null;
  /** The container it takes the place of where that carries no label of ours; null: none. */
  readonly replaces: string | null;
  /** Where it came from, so that it can go back there; null for a creation. */
  readonly from: ServiceState | null;
  /** How many processes have taken it up. */
  readonly begun: number;
  /** Why it is being undone; null while it goes on. */
  readonly failure: Failure | null;
  readonly options: Readonly<Record<string, boolean>>;
}

export interface ContainerRef {
  readonly id: string;
  readonly generation: number;
  readonly image_id: string;
  /** Address the edge reaches it at; null while it does not run. */
  readonly address: string | null;
}

export interface Failure {
  readonly at: number;
  readonly stage: "ports" | "image" | "container" | "start" | "probe" | "switch" | "run" | "stop";
  readonly code: string;
  readonly message: string;
  /** The container's last lines, redacted. */
  readonly log_tail: readonly string[];
  readonly trace: string | null;
}

/** `data` of a `service` entity. */
export interface ServiceData {
  readonly spec: ServiceSpec;
  /** Grows with each container that is made. */
  readonly generation: number;
  readonly desired: "running" | "stopped";
  readonly state: ServiceState;
  readonly container: ContainerRef | null;
  /** Port name → what it was given. */
  readonly ports: Readonly<Record<string, { readonly host: number; readonly bind: string; readonly protocol: "tcp" | "udp" }>>;
  /** What `rollback` goes back to. */
  readonly previous: { readonly spec: ServiceSpec; readonly generation: number; readonly image_id: string } | null;
  readonly operation: Operation | null;
  readonly failure: Failure | null;
  /** Subject of whoever created it. */
  readonly owner: string;
  readonly origin: "created" | "adopted";
  /** The host name it was made with; its target goes with it (`auto-proxy.ts`). */
  readonly auto_proxy?: string;
}

/** `data` of an `external_service` entity. */
export interface ExternalService {
  readonly url: string;
  readonly description: string;
  readonly owner: string;
}
