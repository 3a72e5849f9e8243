/** Requests and plans for tests of what stands between the parser and the upstream: real head text, everything else at its default. */
import { checkRoute } from "../../../routes/check-route.ts";
import { checkTarget } from "../../../routes/check-target.ts";
import type { RouteData, TargetData, AccessSpec } from "../../../routes/spec.ts";
import type { AccessRecord, Conversation, EdgeRequest, Peer } from "../exchange.ts";
import { trueClient, type Cidrs } from "../headers/client.ts";
import type { GroupSpec, Plan, UpstreamEndpoint, UpstreamGroup } from "../plan.ts";
import { parseFields } from "../wire/fields.ts";
import { framingOf, UNSTATED } from "../wire/framing.ts";

export const NOBODY: Cidrs = { contains: () => false };

export function peerOf(address: string, secure = false): Peer {
  return { address, port: 50_000, localPort: 8080, secure, serverName: null, tlsVersion: null };
}

/** From the lines after the request line, without CRLF. */
export function requestOf(line: string, lines: readonly string[], peer: Peer = peerOf("203.0.113.9")): EdgeRequest {
  const [method = "GET", target = "/"] = line.split(" ");
  const fields = parseFields(lines.map((each) => `${each}\r\n`).join(""), 0, 200);
  const authority = fields.get("host") ?? "";
  const upgrade = fields.get("upgrade")?.toLowerCase() ?? null;
  const { length, keepAlive } = framingOf(fields, 1);
  const host = authority.replace(/:\d+$/, "").toLowerCase();
  const rest = { minor: 1, expectsContinue: false, begunAt: 0, headAt: 0 } as const;
  return { method, target, fields, authority, host, length: length === UNSTATED ? 0 : length, keepAlive, upgrade, peer, ...rest };
}

/** On plain HTTP only, everything else at its default. */
export function targetOf(some: Partial<TargetData> = {}): TargetData {
  return { ...checkTarget("app.example", { target_url: "http://127.0.0.1:9000", enable_https: false }, null, "admin"), ...some };
}

export function routeOf(some: Partial<RouteData> = {}): RouteData {
  return { ...checkRoute("r", { path_pattern: "/", target_type: "service", target_value: "web" }, null, "admin"), ...some };
}

export function accessSpec(some: Partial<AccessSpec> = {}): AccessSpec {
  return {
    allow_ips: [],
    deny_ips: [],
    tokens: null,
    basic: null,
    forward: null,
    required_users: [],
    required_emails: [],
    required_groups: [],
    excluded_paths: [],
    pass_headers: true,
    hide_credentials: true,
    ...some,
  };
}

export const ENDPOINT: UpstreamEndpoint = {
  spec: { id: "one", host: "127.0.0.1", port: 9000, secure: false, authority: "backend.internal:9000" },
  cookie: "one",
};

export const TRACE = "0af7651916cd43dd8448eb211c80319c";
export const SPAN = "b7ad6b7169203331";

export function groupOf(policy: TargetData["balance"]["policy"]): UpstreamGroup {
  return { spec: { balance: { policy, retries: 2 } } as GroupSpec, pick: () => ENDPOINT };
}

export function planOf(request: EdgeRequest, some: Partial<Plan> = {}, trusted: Cidrs = NOBODY): Plan {
  const record = { request, traceId: TRACE, spanId: SPAN, parentId: null, sampled: true } as unknown as AccessRecord;
  return {
    conversation: { request } as unknown as Conversation,
    record,
    target: targetOf(),
    route: null,
    group: groupOf("p2c"),
    path: request.target,
    timeouts: { connect: 5_000, response: 60_000, idle: 60_000 },
    client: trueClient(request, trusted),
    identity: null,
    hide: [],
    extra: [],
    limits: "",
    over: () => {},
    ...some,
  };
}
