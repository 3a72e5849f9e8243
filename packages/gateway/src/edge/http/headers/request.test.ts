import assert from "node:assert/strict";
import { test } from "node:test";
import type { Identity, Plan } from "../plan.ts";
import { accessSpec, ENDPOINT, groupOf, NOBODY, peerOf, planOf, requestOf, routeOf, SPAN, targetOf, TRACE } from "../testing/plan.ts";
import { fold } from "./managed.ts";
import { requestHead } from "./request.ts";

const ANN: Identity = { id: "ann", name: "Ann", email: "ann@example.org", groups: ["staff", "ops"], by: "token" };

function headOf(line: string, lines: string[], some: Partial<Plan> = {}, peer = peerOf("203.0.113.9"), trusted = NOBODY): string {
  return requestHead(planOf(requestOf(line, ["Host: Shop.test:8443", ...lines], peer), some, trusted), ENDPOINT);
}

/** Values by folded name, in order. */
function valuesOf(head: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const each of head.split("\r\n").slice(1, -2)) {
    const [name, value] = [each.slice(0, each.indexOf(":")), each.slice(each.indexOf(":") + 2)];
    values.set(fold(name), [...(values.get(fold(name)) ?? []), value]);
  }
  return values;
}

test("a plain request, whole", () => {
  assert.equal(
    headOf("GET /a?b=c", [
      "User-Agent: curl",
      "accept:  */*",
      "Via: 1.1 cdn",
      "Connection: keep-alive, X-Hop",
      "X-Hop: 1",
      "Keep-Alive: 5",
    ]),
    [
      "GET /a?b=c HTTP/1.1",
      "Host: Shop.test:8443",
      "User-Agent: curl",
      "accept:  */*",
      "Via: 1.1 cdn",
      "X-Forwarded-For: 203.0.113.9",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: Shop.test:8443",
      "X-Forwarded-Port: 8443",
      "X-Real-IP: 203.0.113.9",
      `X-Request-Id: ${TRACE}-${SPAN}`,
      "Via: 1.1 tidegate",
      `traceparent: 00-${TRACE}-${SPAN}-01`,
      `X-Trace-Id: ${TRACE}`,
      "",
      "",
    ].join("\r\n"),
  );
});

test("framing is said once, by us", () => {
  const of = (line: string, ...lines: string[]): string[] =>
    headOf(line, lines)
      .split("\r\n")
      .filter((each) => /^(content-length|transfer-encoding|te|connection|upgrade)/i.test(each));
  assert.deepEqual(of("POST /", "content-length: 007"), ["Content-Length: 7"]);
  assert.deepEqual(of("POST /", "transfer-encoding: Chunked"), ["Transfer-Encoding: chunked"]);
  assert.deepEqual(of("POST /"), ["Content-Length: 0"]);
  assert.deepEqual(of("GET /"), []);
  assert.deepEqual(of("GET /", "TE: gzip, trailers", "Connection: TE"), ["TE: trailers", "Connection: TE"]);
  assert.deepEqual(of("GET /", "TE: gzip"), []);
  assert.deepEqual(of("GET /", "Upgrade: WebSocket", "Connection: keep-alive, Upgrade"), ["Connection: Upgrade", "Upgrade: websocket"]);
});

test("Host is the client's, or the endpoint's; what the client asked for is always told", () => {
  const own = headOf("GET /", [], { target: targetOf({ preserve_host_header: false }) }, peerOf("203.0.113.9", true));
  assert.match(own, /^GET \/ HTTP\/1.1\r\nHost: backend\.internal:9000\r\n/);
  assert.match(own, /\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: Shop\.test:8443\r\n/);
});

test("of a trusted proxy the chain and the request id are kept, and state goes on only with its trace", () => {
  const trusted = { contains: (address: string) => address.startsWith("10.") };
  const lines = ["X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.2", "X-Request-Id: abc", "tracestate: v=1", "X-Forwarded-Host: www.test"];
  const head = headOf("GET /", lines, {}, peerOf("10.0.0.1"), trusted);
  const values = valuesOf(head);
  assert.deepEqual(values.get("x-forwarded-for"), ["1.2.3.4, 10.0.0.2, 10.0.0.1"]);
  assert.deepEqual(values.get("x-real-ip"), ["1.2.3.4"]);
  assert.deepEqual(values.get("x-request-id"), ["abc"]);
  assert.deepEqual(values.get("x-forwarded-host"), ["www.test"]);
  assert.deepEqual(values.get("x-forwarded-port"), ["80"]);
  assert.equal(values.get("tracestate"), undefined);
  const plan = planOf(requestOf("GET /", lines));
  plan.record.parentId = "00f067aa0ba902b7";
  assert.match(requestHead(plan, ENDPOINT), /\r\ntracestate: v=1\r\n/);
});

test("who was let in is told in values that cannot be mistaken, and not where that is not wanted", () => {
  const odd: Identity = { id: "zoë\r\nX-Admin: 1", name: "汉 100%", email: null, groups: ["a,b", "c"], by: "basic" };
  const values = valuesOf(headOf("GET /", ["X-Auth-User-Email: me@evil.test"], { identity: odd }));
  assert.deepEqual(values.get("x-auth-user-id"), ["zo%C3%AB%0D%0AX-Admin: 1"]);
  assert.deepEqual(values.get("x-auth-user-name"), ["%E6%B1%89 100%25"]);
  assert.deepEqual(values.get("x-auth-user-groups"), ["a%2Cb,c"]);
  assert.equal(values.get("x-auth-user-email"), undefined);
  assert.equal(values.get("x-admin"), undefined);
  const silent = accessSpec({ pass_headers: false });
  assert.doesNotMatch(headOf("GET /", [], { identity: ANN, target: targetOf({ access: silent }) }), /x-auth/i);
  const route = routeOf({ access: silent });
  assert.doesNotMatch(headOf("GET /", [], { identity: ANN, target: targetOf({ access: accessSpec() }), route }), /x-auth/i);
});

test("credentials and single cookies are hidden, other cookies stay, also when asked twice", () => {
  const request = requestOf("GET /", [
    "Cookie: a=1; tg=secret;b=2",
    "authorization: Basic x",
    "Cookie: TG=other; c",
    "X-Tidegate-Token: t",
  ]);
  const plan = planOf(request, { hide: ["authorization", "x-tidegate-token", "cookie:tg"] });
  const head = requestHead(plan, ENDPOINT);
  assert.deepEqual(valuesOf(head).get("cookie"), ["a=1; b=2; c"]);
  assert.doesNotMatch(head, /secret|other|basic x|tidegate-token/i);
  assert.equal(requestHead(plan, ENDPOINT), head);
  assert.doesNotMatch(headOf("GET /", ["Cookie: tg=1"], { hide: ["cookie:tg"] }), /cookie/i);
  const sticky = headOf("GET /", ["Cookie: a=1; tidegate-upstream=x"], { group: groupOf("cookie") });
  assert.deepEqual(valuesOf(sticky).get("cookie"), ["a=1"]);
});

test("a target's own headers replace and remove the client's in every spelling; ours they cannot touch", () => {
  const target = targetOf({
    custom_headers: {
      "X-Api-Key": "k",
      "User-Agent": null,
      Host: "x",
      "X-Forwarded-For": "1.1.1.1",
      Bad: "a\r\nX: 1",
      "X-Auth-User-Id": null,
    },
  });
  const values = valuesOf(headOf("GET /", ["x_api.key: mine", "user-agent: curl"], { target, identity: ANN }));
  assert.deepEqual(values.get("x-api-key"), ["k"]);
  assert.equal(values.get("user-agent"), undefined);
  assert.equal(values.get("bad"), undefined);
  assert.deepEqual(values.get("host"), ["Shop.test:8443"]);
  assert.deepEqual(values.get("x-forwarded-for"), ["203.0.113.9"]);
  assert.deepEqual(values.get("x-auth-user-id"), ["ann"]);
});

const OURS = [
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Real-IP",
  "X-Request-Id",
  "traceparent",
  "X-Trace-Id",
  "X-Auth-User-Id",
  "X-Auth-User-Name",
  "X-Auth-User-Email",
  "X-Auth-User-Groups",
  "tracestate",
  "Forwarded",
  "X-Forwarded-Prefix",
  "X-Forwarded-Client-Cert",
  "X-Forwarded-Uri",
  "Remote-User",
  "Remote-Groups",
  "X-Original-URL",
  "X-Rewrite-Url",
  "X-Auth-Request-Email",
  "X-Client-IP",
  "True-Client-IP",
  "Proxy",
];

/** The same numbers in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function misspelt(name: string, roll: (sides: number) => number): string {
  const folds = ["-", "_", ".", "+", "~"];
  return Array.from(name)
    .map((char) =>
      char === "-" && roll(2) === 0 ? (folds[roll(folds.length)] ?? "-") : roll(2) === 0 ? char.toLowerCase() : char.toUpperCase(),
    )
    .join("");
}

test("no spelling of a field of ours from a stranger reaches the upstream, however often and whatever Connection names", () => {
  const roll = dice(20_261_122);
  for (let round = 0; round < 2_000; round += 1) {
    const name = OURS[roll(OURS.length)] ?? "";
    const spelt = misspelt(name, roll);
    const lines = Array.from({ length: 1 + roll(3) }, () => `${roll(2) === 0 ? spelt : misspelt(name, roll)}: forged`);
    if (roll(2) === 0) lines.push(`Connection: ${[spelt, name, "close", "host", "content-length"][roll(5)]}`);
    if (roll(2) === 0) lines.push("X-Own: kept");
    lines.sort(() => roll(3) - 1);
    const head = headOf("GET /", lines, { identity: ANN });
    assert.doesNotMatch(head, /forged/, lines.join("\n"));
    const values = valuesOf(head);
    for (const ours of ["x-forwarded-for", "x-real-ip", "x-auth-user-id", "traceparent", "x-request-id", "host"])
      assert.equal(values.get(ours)?.length, 1, `${ours} with ${lines.join(", ")}`);
    assert.equal(values.has("x-own"), lines.includes("X-Own: kept"));
  }
});
