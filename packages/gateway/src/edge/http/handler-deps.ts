/** What the chain of a request works with. */
import type { AccessSpec } from "../../routes/spec.ts";
import type { RouteEntry, TargetEntry } from "../../routes/table.ts";
import type { EdgeState } from "../config/state.ts";
import type { Decision } from "./access/decision.ts";
import type { AccessRecord, EdgeRequest } from "./exchange.ts";
import type { Groups } from "./groups.ts";
import type { Cidrs } from "./headers/client.ts";
import type { Held } from "./held.ts";
import type { Client, GroupSpec, Plan, UpstreamGroup } from "./plan.ts";
import type { Reason } from "./reasons.ts";

export type Verdict =
  | { readonly ok: true; /** Gives back what it holds; null: nothing. */ readonly leave: (() => void) | null; readonly fields: string }
  | {
      readonly ok: false;
      readonly status: number;
      readonly reason: Reason;
      /** For the answer, lines with CRLF. */ readonly fields: string;
    };

export interface HandlerDeps {
  readonly state: () => EdgeState;
  readonly groups: Groups;
  readonly held: Held;
  readonly trusted: Cidrs;
  /** What a certificate authority is answered; null, also later: the request is one like any other. Never rejects. */
  readonly challenge: (token: string) => Promise<string | null> | null;
  readonly httpsPort: () => number | null;
  readonly limits: {
    enter(target: TargetEntry, route: RouteEntry | null, client: string, request: EdgeRequest): Verdict;
  };
  readonly access: {
    /** All of them must let in. */
    decide(specs: readonly AccessSpec[], request: EdgeRequest, client: Client, path: string): Decision | Promise<Decision>;
  };
  readonly upstreams: { group(spec: GroupSpec): UpstreamGroup };
  /** Requests for an upgrade as well. */
  readonly forward: (plan: Plan) => void;
  readonly telemetry: {
    /** Whether this request is told one by one. */
    sample(): boolean;
    /** The record is complete. */
    done(record: AccessRecord): void;
  };
}
