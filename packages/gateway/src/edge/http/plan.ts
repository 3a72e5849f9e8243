/** What the chain has decided about a request; with it `forward.ts` (and `tunnel/`) has nothing to look up any more. */
import type { RouteData, TargetData, TimeoutSpec } from "../../routes/spec.ts";
import type { AccessRecord, Conversation } from "./exchange.ts";

/** Where requests can go; made once for each set of endpoints and kept over changes of the table that do not concern it. */
export interface GroupSpec {
  /** Equal specs have equal keys: pools, health and counts go on. */
  readonly key: string;
  /** For people: `hello`, `127.0.0.1:9000`. */
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
  readonly balance: TargetData["balance"];
  readonly health: TargetData["health"];
  readonly tls: TargetData["upstream_tls"];
}

export interface EndpointSpec {
  /** A container's id, or the URL. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** What Host says when the client's is not preserved. */
  readonly authority: string;
}

/** Who asks, behind the proxies that are trusted; made by `headers/client.ts`, once for each request. */
export interface Client {
  /** IPv4-mapped addresses as IPv4. */
  readonly address: string;
  readonly secure: boolean;
  /** What was asked for, with port as sent; "" where nothing was named. */
  readonly host: string;
  /** What the upstream is told in X-Forwarded-For: the address and the trusted proxies after it. */
  readonly chain: string;
  /** Whether the peer itself is a trusted proxy: then its X-Request-Id is kept. */
  readonly trusted: boolean;
}

/** Who is let in. */
export interface Identity {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly groups: readonly string[];
  /** `token`, `basic`, `forward`. */
  readonly by: string;
}

export interface Plan {
  readonly conversation: Conversation;
  readonly record: AccessRecord;
  readonly target: TargetData;
  readonly route: RouteData | null;
  readonly group: UpstreamGroup;
  /** Normalised path and query for the upstream, rewritten, beginning with `/`. */
  readonly path: string;
  readonly timeouts: TimeoutSpec;
  readonly client: Client;
  readonly identity: Identity | null;
  /** Header names (lower case) the client sent that go no further, beside those that never do; `cookie:<name>` is one cookie. */
  readonly hide: readonly string[];
  /** Header lines for the upstream, from forward-auth. */
  readonly extra: readonly (readonly [name: string, value: string])[];
  /** Lines for the answer, from limits. */
  readonly limits: string;
  /** Called once, when everything of the request is over: limits are given back. */
  readonly over: () => void;
}

/** The live side of a `GroupSpec`; see `upstream/group.ts`. */
export interface UpstreamGroup {
  readonly spec: GroupSpec;
  /** Null: there is none, or none that was not tried. `cookie`: the client's sticky cookie, where the policy is cookie. */
  pick(tried: ReadonlySet<string>, cookie: string | null): UpstreamEndpoint | null;
}

export interface UpstreamEndpoint {
  readonly spec: EndpointSpec;
  /** For a Set-Cookie of the policy `cookie`. */
  readonly cookie: string;
}
