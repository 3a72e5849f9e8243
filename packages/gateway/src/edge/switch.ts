/**
 * Where a deploy hands over: which container a port's connections go to. The edge workers implement it; today for TCP, later for HTTP routes as
 * well. A call resolves when every live edge worker does what it says, so that the caller may then stop what is no longer used.
 */
import type { PortAccess } from "../services/spec.ts";

export interface Endpoint {
  /** Names it in `drained`: the container's id. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export interface EdgePort {
  readonly service: string;
  /** Name of the service's port. */
  readonly name: string;
  readonly bind: string;
  readonly port: number;
  /** Empty: connections are refused. */
  readonly endpoints: readonly Endpoint[];
  /** `paused`: new connections wait, at most `hold` seconds. */
  readonly mode: "open" | "paused";
  readonly hold: number;
  readonly access: PortAccess | null;
}

export interface Switch {
  /** Sets these and leaves all others. EDGE_UNAVAILABLE after 10 s; PORT_TAKEN when a worker cannot listen. */
  set(ports: readonly EdgePort[], signal: AbortSignal): Promise<void>;
  /** Stops listening there. */
  remove(ports: readonly Pick<EdgePort, "bind" | "port">[], signal: AbortSignal): Promise<void>;
  /** Resolves when no worker has a connection to it any more; after `seconds` the rest is cut. Answers how many were cut. */
  drain(endpoint: string, seconds: number, signal: AbortSignal): Promise<number>;
  list(): Promise<EdgePort[]>;
}
