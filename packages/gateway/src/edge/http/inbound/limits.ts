/** What a client may take of time and room. Times are milliseconds, sizes bytes. */
import type { HeadEndLimits } from "../wire/head-end.ts";

export interface HttpLimits extends HeadEndLimits {
  /** From the first byte of a head to its end. 408. */
  readonly headTimeout: number;
  /** Without a request; closed without a word. */
  readonly idleTimeout: number;
  /** Without a byte of the body we wait for. 408. */
  readonly bodyTimeout: number;
  /** Bytes per second that a body must bring on average, once it was waited for for `bodyGrace`. 408. */
  readonly bodyRate: number;
  readonly bodyGrace: number;
  /** Without the client taking a byte of what is queued for it. Cut. */
  readonly writeTimeout: number;
  /** An answer to a client that ended its side: it may wait for it, or have left. */
  readonly halfClosed: number;
  /** How long, and for how many bytes, the rest of an unwanted body is read away so that the client sees its answer instead of a reset. */
  readonly linger: number;
  readonly lingerBytes: number;
  /** Then `Connection: close`. */
  readonly requestsPerConnection: number;
  /** At the same time; more are closed at once. */
  readonly connectionsPerClient: number;
  readonly connections: number;
  /** How often times are looked at: none is exacter than this. */
  readonly sweepEvery: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  maxHead: 32_768,
  maxFields: 100,
  maxTarget: 8192,
  headTimeout: 15_000,
  idleTimeout: 75_000,
  bodyTimeout: 60_000,
  bodyRate: 240,
  bodyGrace: 30_000,
  writeTimeout: 60_000,
  halfClosed: 10_000,
  linger: 1000,
  lingerBytes: 65_536,
  requestsPerConnection: 10_000,
  connectionsPerClient: 1000,
  connections: 20_000,
  sweepEvery: 1000,
};
