/** Puts the dead letters of one connection together: what the application asks, and the two duties. */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import type { Notice } from "../tide.ts";
import { Expiry } from "./expiry.ts";
import { FailureIndex } from "./failure-index.ts";
import { Finder } from "./finder.ts";
import { ReplayJobs } from "./replay-jobs.ts";
import { Replayer } from "./replayer.ts";
import { Replay } from "./replay.ts";
import { DeadLetterStore } from "./store.ts";

export interface DeadLetterDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notice: (notice: Notice) => void;
  /** Unique to this connection. */
  readonly session: string;
  readonly service: string;
  readonly tracer: Tracer;
  readonly maxPayload: number;
  /** Seconds; 0 keeps them. */
  readonly deadLetterTtl: number;
}

export interface DeadLetterParts {
  readonly store: DeadLetterStore;
  readonly replayer: Replayer;
  readonly expiry: Expiry;
  readonly finder: Finder;
}

export function composeDeadLetters(deps: DeadLetterDeps): DeadLetterParts {
  const { link, keys, session, deadLetterTtl } = deps;
  const index = new FailureIndex(deps);
  const finder = new Finder(link, keys, index);
  const replay = new Replay(deps);
  const jobs = new ReplayJobs({ ...deps, onStart: () => replayer.wake() });
  const jobKey = (id: string): string => keys.job(id);
  const replayer = new Replayer({ ...deps, jobs, finder, replay, jobKey, owner: session, up: () => link.up });
  const expiry = new Expiry({ ...deps, index, ttl: deadLetterTtl });
  return { store: new DeadLetterStore({ link, keys, index, finder, replay, jobs }), replayer, expiry, finder };
}
