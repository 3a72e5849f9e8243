/** What one edge worker says of itself, once a second and at once when it has taken over a change. */
export interface EdgeReport {
  /** The same for the worker that takes the place of a dead one. */
  readonly id: string;
  readonly pid: number;
  /** Unix ms by the clock of Redis. */
  readonly at: number;
  /** Of the table that is in force there. */
  readonly version: number;
  /** `127.0.0.1:8080`, `[::]:8080` */
  readonly listening: readonly string[];
  readonly failed: readonly EdgeFailure[];
  /** Open connections by endpoint, those that are being dialled included. */
  readonly connections: Readonly<Record<string, number>>;
  /** Connections cut by a drain, by endpoint; of the last hundred endpoints. */
  readonly cut: Readonly<Record<string, number>>;
  /** Connections since it started. */
  readonly accepted: number;
  readonly denied: number;
  /** Waiting for a paused service. */
  readonly held: number;
  /** From clients, in connections that have ended; likewise to them. */
  readonly bytes_in: number;
  readonly bytes_out: number;
}

export interface EdgeFailure {
  readonly bind: string;
  readonly port: number;
  /** `listen`: the system refuses the port. `access`: its client authority is not usable. */
  readonly kind: "listen" | "access";
  readonly why: string;
}

/** A worker counts as live while its report is younger. */
export const LIVE_FOR = 3_000;
