/**
 * The Docker Engine as the rest of the gateway sees it: few operations, already allowed. `Broker` is the only implementation and this folder the only
 * one that speaks Docker; whatever it is asked for it builds from the template in `options.ts`, never from what somebody sent.
 */
import type { BuildSpec, ServiceSpec } from "../spec.ts";

export const LABELS = {
  /** Namespace of the Tidegate a container belongs to. */
  namespace: "tidegate.namespace",
  service: "tidegate.service",
  generation: "tidegate.generation",
  /** On foreign containers: be managed under this name. */
  adopt: "tidegate.adopt",
  /** `tidegate.port.<name>` = `<container>[:<host>]`, on foreign containers. */
  port: "tidegate.port.",
} as const;

export interface EngineInfo {
  readonly version: string;
  readonly api_version: string;
  readonly cgroup_version: string;
  readonly rootless: boolean;
  /** Containers are reached by their own address, or by a port of loopback where that is not possible. */
  readonly reach: "network" | "published";
}

export interface ContainerRequest {
  readonly service: string;
  readonly generation: number;
  /** Id or name of an image that is here. */
  readonly image: string;
  readonly spec: ServiceSpec;
  /** Secrets already opened. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ports Docker publishes itself (UDP). */
  readonly publish: readonly { readonly container: number; readonly host: number; readonly bind: string; readonly protocol: "udp" }[];
}

export interface ContainerState {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly image_id: string;
  readonly status: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  readonly exit_code: number | null;
  /** Docker's own words, as `OOMKilled` or an exec error. */
  readonly error: string | null;
  readonly health: "none" | "starting" | "healthy" | "unhealthy";
  /** Where its ports are reached from here: container port → address. Empty while it does not run. */
  readonly addresses: ReadonlyMap<number, { readonly host: string; readonly port: number }>;
  /** Unix ms. */
  readonly created_at: number;
  readonly started_at: number | null;
  readonly restarts: number;
}

export interface ContainerStats {
  /** Per cent of one processor. */
  readonly cpu_usage: number;
  /** Bytes, without the page cache. */
  readonly memory_usage: number;
  readonly memory_limit: number;
  readonly memory_percentage: number;
  readonly network_rx_bytes: number;
  readonly network_tx_bytes: number;
  readonly block_read_bytes: number;
  readonly block_write_bytes: number;
  readonly pids: number;
}

export interface LogLine {
  readonly stream: "stdout" | "stderr";
  /** Unix ms, where Docker tells. */
  readonly at: number | null;
  readonly text: string;
}

export interface EngineEvent {
  readonly action:
    | "create"
    | "start"
    | "die"
    | "stop"
    | "destroy"
    | "pause"
    | "unpause"
    | "oom"
    | "health"
    | "connect"
    | "disconnect"
    | "restart"
    | "other";
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exit_code: number | null;
  readonly at: number;
}

export interface LogOptions {
  /** Last lines. */
  readonly tail: number;
  readonly follow?: boolean;
  /** Unix ms. */
  readonly since?: number;
}

/** Every call rejects with a `GatewayError`: DOCKER_MISSING, DOCKER_UNREACHABLE, DISK_FULL, DOCKER_ERROR, or what is said at the call. */
export interface Engine {
  /** Pings, negotiates the API's version, makes our network. */
  info(): Promise<EngineInfo>;
  /** Id of the image; pulls as `pull` says, telling its progress. IMAGE_NOT_FOUND, INVALID_IMAGE. */
  ensureImage(image: string, pull: ServiceSpec["pull"], onLine: (line: string) => void, signal: AbortSignal): Promise<string>;
  /** Id of the image, tagged `tidegate/<namespace>/<service>:<generation>`. BUILD_FAILED with the last lines. */
  build(service: string, generation: number, build: BuildSpec, onLine: (line: string) => void, signal: AbortSignal): Promise<string>;
  /** Makes it, or answers the one there is for the same service and generation. */
  createContainer(request: ContainerRequest): Promise<ContainerState>;
  start(id: string): Promise<ContainerState>;
  /** Nothing happens to what is not running or gone. */
  stop(id: string, seconds: number): Promise<void>;
  /** Nothing happens to what is gone. */
  remove(id: string): Promise<void>;
  /** Null when it is gone. */
  inspect(id: string): Promise<ContainerState | null>;
  /** Ours, of any state, and those that ask to be adopted; with a name only those of that service. */
  list(service?: string): Promise<ContainerState[]>;
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
  stats(id: string): Promise<ContainerStats>;
  removeVolumes(service: string): Promise<void>;
  /** Images of our own making that no container and no `keep` uses. */
  removeImages(service: string, keep: readonly string[]): Promise<void>;
  /** Goes on over restarts of the engine; `onGap` when something may have been missed, also at the beginning. Ends with the signal. */
  follow(onEvent: (event: EngineEvent) => void, onGap: () => void, signal: AbortSignal): Promise<void>;
}
