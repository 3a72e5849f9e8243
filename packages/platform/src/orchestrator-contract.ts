/** How the control process and its parts are, as REST and the console say it. Times are unix milliseconds. */

export type ComponentState = "waiting" | "starting" | "healthy" | "unhealthy" | "stopping" | "stopped" | "failed";

export interface ComponentStatus {
  name: string;
  state: ComponentState;
  /** Since when it has been in this state. */
  since: number;
  restarts: number;
  /** One line for a person. */
  detail: string | null;
  /** Process id, where it is a process of its own. */
  pid: number | null;
  /** Names of those it needs. */
  needs: string[];
  /** Without it the whole is unhealthy. */
  essential: boolean;
}

/** `GET /api/v1/orchestrator/status` */
export interface OrchestratorStatus {
  status: "healthy" | "unhealthy";
  version: string;
  namespace: string;
  started_at: number;
  redis: { address: string; connected: boolean; round_trip_ms: number | null; embedded: boolean };
  components: ComponentStatus[];
  /** This control process, and whether it does the duties only one may do. */
  instance: string;
  leader: boolean;
  /** Largest lag of a group, in messages and in seconds. */
  lag: { messages: number; seconds: number; group: string | null };
  /** Null: nothing is reported, as without workers here. */
  edge: EdgeFigures | null;
}

/** The edge workers of this machine taken together. Counts are of their lives; one that starts again begins at 0. */
export interface EdgeFigures {
  /** That report, and that there are to be. */
  workers: number;
  expected: number;
  /** Where HTTP is taken: `http://127.0.0.1:8080`. */
  urls: string[];
  /** TCP ports of services: `127.0.0.1:10000`. */
  ports: string[];
  /** What is not served, and why: ports that cannot be listened on, and what of the store cannot be served as it is. */
  failed: { place: string; why: string }[];
  /** Open now, of HTTP and of ports. */
  connections: number;
  /** WebSockets now. */
  tunnels: number;
  requests: number;
  /** Requests and connections that wait now because a host or service is paused. */
  held: number;
  /** By class: `2xx`. */
  statuses: Record<string, number>;
  /** By reason, before there was a request. */
  refused: Record<string, number>;
  /** Counted but not recorded one by one, because there were too many. */
  unrecorded: number;
  /** Open to upstreams now, and the requests that wait for one. */
  upstream_connections: number;
  upstream_waiting: number;
  /** The certificate of this machine's own authority, a file people may trust. */
  local_authority: string;
}
