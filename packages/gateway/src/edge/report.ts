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
  /** Entry of the store's stream of changes up to which everything is in force there. */
  readonly followed: string;
  readonly http: HttpReport;
}

/** The HTTP side of a worker, since it started. */
export interface HttpReport {
  /** `http://127.0.0.1:8080`, `https://127.0.0.1:8443` */
  readonly listening: readonly string[];
  readonly failed: readonly { readonly url: string; readonly why: string }[];
  /** Client connections now. */
  readonly connections: number;
  readonly tunnels: number;
  readonly requests: number;
  /** Requests waiting for paused targets. */
  readonly held: number;
  /** By class of status: `2xx` … */
  readonly statuses: Readonly<Record<string, number>>;
  /** Refused before there was a request, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Records that were not told one by one because there were too many. */
  readonly unrecorded: number;
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
