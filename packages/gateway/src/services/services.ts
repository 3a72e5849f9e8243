/** What can be done with services. Every act is one trace; a second act on a service under way is SERVICE_BUSY. `ServiceManager` does it. */
import type { Entity, Revision } from "../store/entity.ts";
import type { ContainerStats, EngineInfo, LogLine, LogOptions } from "./engine/engine.ts";
import type { ExternalService, Failure, OperationKind, ServiceData, ServiceSpec } from "./spec.ts";

export interface Done {
  readonly service: Entity<ServiceData>;
  readonly operation: { readonly id: string; readonly kind: OperationKind; readonly duration_ms: number };
}

export interface Unified {
  readonly name: string;
  readonly type: "docker" | "external";
  readonly url: string | null;
  readonly state: string;
}

export interface CleanUp {
  /** Ids and names of containers of ours that no service knows. */
  readonly containers: readonly { readonly id: string; readonly name: string }[];
  readonly ports: readonly { readonly port: number; readonly owner: string }[];
}

export interface Services {
  /**
   * `request` is what a person sent; unknown and refused fields are named. Resolves when the container is healthy and the edge serves it; a
   * failure leaves nothing behind. `wait: false` resolves when it is noted down. `autoProxy`: a host name that is served from it; refused with
   * NAME_TAKEN or INVALID_NAME before anything is made, and deleted with the service.
   */
  create(request: unknown, by: string, options?: Wait & { readonly autoProxy?: string }): Promise<Done>;
  /** Only the given fields change. A new container beside the old one, switched when healthy; a failure leaves the old one serving. */
  update(name: string, request: unknown, by: string, options?: Wait): Promise<Done>;
  rollback(name: string, by: string, options?: Wait): Promise<Done>;
  /**
   * To exactly this spec, its secrets sealed as they are: of an older revision, or of an imported file. An update; a creation where there is none,
   * then with this owner (default `by`) and desired state (default running). INVALID_SPEC, as nobody has checked it.
   */
  restore(
    name: string,
    spec: ServiceSpec,
    by: string,
    options?: Wait & { readonly owner?: string; readonly desired?: ServiceData["desired"] },
  ): Promise<Done>;
  start(name: string, by: string, options?: Wait): Promise<Done>;
  stop(name: string, by: string, options?: Wait): Promise<Done>;
  /** The same spec in a new container. */
  restart(name: string, by: string, options?: Wait): Promise<Done>;
  /** SERVICE_RUNNING without `force`. Resolves when container, ports and, with `volumes`, its volumes are gone. */
  delete(name: string, by: string, options?: Wait & { readonly force?: boolean; readonly volumes?: boolean }): Promise<void>;
  /** New connections wait, at most `hold` seconds (default 30); what is under way goes on. */
  pause(name: string, by: string, hold?: number): Promise<Entity<ServiceData>>;
  resume(name: string, by: string): Promise<Entity<ServiceData>>;
  adopt(container: string, name: string, by: string): Promise<Entity<ServiceData>>;
  get(name: string): Promise<Entity<ServiceData>>;
  list(options?: { readonly owner?: string }): Promise<Entity<ServiceData>[]>;
  revisions(name: string): Promise<Revision<ServiceData>[]>;
  logs(name: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
  stats(name: string): Promise<ContainerStats>;
  unified(type?: Unified["type"]): Promise<Unified[]>;
  /** What would be, or was, removed. */
  cleanUp(by: string, options: { readonly dryRun: boolean }): Promise<CleanUp>;
  /** Null while there is no engine; `problem` says why in one line. */
  engine(): { readonly info: EngineInfo | null; readonly problem: string | null };
  readonly external: ExternalServices;
}

export interface Wait {
  readonly wait?: boolean;
}

export interface ExternalServices {
  list(): Promise<Entity<ExternalService>[]>;
  get(name: string): Promise<Entity<ExternalService>>;
  register(name: string, request: unknown, by: string): Promise<Entity<ExternalService>>;
  update(name: string, request: unknown, by: string): Promise<Entity<ExternalService>>;
  remove(name: string, by: string): Promise<void>;
}

/** Of a failed operation: its last words. */
export type { Failure };
