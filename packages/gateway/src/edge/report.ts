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
  /** What is open to upstreams now, and how many requests wait for a connection to one. */
  readonly upstreams: { readonly connections: number; readonly idle: number; readonly waiting: number };
  /** Upstreams that fail now; of more than a hundred the first. */
  readonly failing: readonly FailingUpstream[];
  /** What of the store cannot be served by and is left out; of more than a hundred the first. */
  readonly unusable: readonly UnusableEntity[];
  /** Redis has lost the store; what was known before is served. */
  readonly lost: boolean;
}

/** An endpoint that is left out, by what requests or checks have met there. */
export interface FailingUpstream {
  /** Targets whose requests go there; of more than a hundred the first. */
  readonly hosts: readonly string[];
  /** The service, or the host and port of the first URL. */
  readonly upstream: string;
  /** `127.0.0.1:9000` */
  readonly endpoint: string;
  /** Asked all the same: no other one is well. */
  readonly asked: boolean;
  readonly why: string;
}

export interface UnusableEntity {
  readonly kind: string;
  readonly name: string;
  readonly why: string;
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
