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
}
