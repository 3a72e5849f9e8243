import assert from "node:assert/strict";
import { createHash, randomBytes, scryptSync } from "node:crypto";
import { test } from "node:test";
import type { AccessSpec, BasicUser } from "../../../routes/spec.ts";
import { trueClient } from "../headers/client.ts";
import { accessSpec, NOBODY, peerOf, requestOf, routeOf, targetOf } from "../testing/plan.ts";
import { accessOf } from "./access-of.ts";
import { Access } from "./access.ts";
import type { Decision } from "./decision.ts";
import type { KnownToken } from "./known-token.ts";
import { contains } from "./tokens.ts";

const NOW = 1_800_000_000_000;
const ANN: KnownToken = { id: "t1", name: "ann", email: "ann@example.org", groups: ["ops"], scopes: ["services:write"], expires: null };
const TOKENS = new Map([
  [digest("tg_ann"), ANN],
  [digest("tg_old"), { ...ANN, name: "old", expires: NOW }],
]);

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** As cheap as a hash may be: what is tested is not its strength. */
function user(password: string, some: Partial<BasicUser> = {}): BasicUser {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  return { hash: `scrypt$1024$8$1$${salt.toString("base64url")}$${hash.toString("base64url")}`, email: null, groups: [], ...some };
}

const access = new Access({ tokens: (key) => TOKENS.get(key) ?? null, unseal: () => "", now: () => NOW });

interface Ask {
  readonly lines?: readonly string[];
  readonly path?: string;
  readonly from?: string;
  readonly by?: Access;
}

async function decide(
  specs: AccessSpec | readonly AccessSpec[],
  { lines = [], path = "/", from = "203.0.113.9", by = access }: Ask = {},
): Promise<Decision> {
  const request = requestOf(`GET ${path}`, ["Host: a.test", ...lines], peerOf(from));
  return by.decide("allow_ips" in specs ? [specs] : specs, request, trueClient(request, NOBODY), path);
}

async function said(specs: AccessSpec | readonly AccessSpec[], ask: Ask = {}): Promise<string> {
  const decision = await decide(specs, ask);
  return decision.ok ? `in as ${decision.identity?.id ?? "nobody"}` : `${decision.status} ${decision.reason}`;
}

const basic = (name: string, password: string): string => `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

test("address lists: what is denied stays out, what is not allowed too; mapped addresses are the same address", async () => {
  const spec = accessSpec({ allow_ips: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"], deny_ips: ["10.6.0.0/16"] });
  for (const [from, wanted] of [
    ["10.1.2.3", "in as nobody"],
    ["::ffff:10.1.2.3", "in as nobody"],
    ["192.0.2.7", "in as nobody"],
    ["192.0.2.8", "403 address_denied"],
    ["2001:db8::7", "in as nobody"],
    ["10.6.0.1", "403 address_denied"],
    ["::ffff:10.6.0.1", "403 address_denied"],
    ["11.0.0.1", "403 address_denied"],
  ] as const)
    assert.equal(await said(spec, { from }), wanted, from);
  assert.equal(await said(spec, { from: "11.0.0.1", lines: ["X-Forwarded-For: 10.1.2.3"] }), "403 address_denied");
});

test("tokens: by digest, from either field, one line only, with name, scopes and time", async () => {
  const spec = (some: Partial<NonNullable<AccessSpec["tokens"]>>): AccessSpec =>
    accessSpec({ tokens: { names: null, scopes: [], ...some } });
  const table: readonly (readonly [Partial<NonNullable<AccessSpec["tokens"]>>, string[], string])[] = [
    [{}, ["Authorization: Bearer tg_ann"], "in as t1"],
    [{}, ["authorization: bEARER   tg_ann "], "in as t1"],
    [{}, ["X-Tidegate-Token: tg_ann"], "in as t1"],
    [{}, ["Authorization: Bearer app", "X-Tidegate-Token: tg_ann"], "in as t1"],
    [{}, [], "401 unauthenticated"],
    [{}, ["Authorization: Bearer"], "401 unauthenticated"],
    [{}, ["Authorization: tg_ann"], "401 unauthenticated"],
    [{}, ["Authorization: Bearer tg_an"], "401 unauthenticated"],
    [{}, ["Authorization: Bearer tg_old"], "401 unauthenticated"],
    [{}, ["Authorization: Bearer tg_ann", "Authorization: Bearer other"], "401 unauthenticated"],
    [{}, ["X_Tidegate_Token: tg_ann"], "401 unauthenticated"],
    [{ names: ["ann"] }, ["Authorization: Bearer tg_ann"], "in as t1"],
    [{ names: ["ben"] }, ["Authorization: Bearer tg_ann"], "403 not_allowed"],
    [{ scopes: ["services:read"] }, ["Authorization: Bearer tg_ann"], "in as t1"],
    [{ scopes: ["services:admin"] }, ["Authorization: Bearer tg_ann"], "403 not_allowed"],
  ];
  for (const [some, lines, wanted] of table) assert.equal(await said(spec(some), { lines }), wanted, lines.join(" + "));
  const refused = await decide(spec({}));
  assert.equal(refused.ok ? "" : refused.fields, 'WWW-Authenticate: Bearer realm="tidegate"\r\n');
  assert.equal(
    contains("services:write", "services:admin") || contains("services:read", "ports:read") || contains("read", "read:x"),
    false,
  );
});

test("the field that let in is hidden, another Authorization is not", async () => {
  const hidden = async (lines: string[], some: Partial<AccessSpec> = {}): Promise<readonly string[]> => {
    const decision = await decide(accessSpec({ tokens: { names: null, scopes: [] }, ...some }), { lines });
    assert.ok(decision.ok);
    return decision.hide;
  };
  assert.deepEqual(await hidden(["Authorization: Bearer tg_ann"]), ["x-tidegate-token", "authorization"]);
  assert.ok(!(await hidden(["Authorization: Bearer app", "X-Tidegate-Token: tg_ann"])).includes("authorization"));
  assert.deepEqual(await hidden(["Authorization: Bearer tg_ann"], { hide_credentials: false }), []);
});

test("basic: right, wrong and odd credentials", async () => {
  const users = { zoë: user("pass:wörd", { email: "z@example.org", groups: ["staff"] }), broken: { ...user("x"), hash: "plain" } };
  const spec = accessSpec({ basic: { realm: 'The "shop"', users } });
  const fresh = (): Access => new Access({ tokens: () => null, unseal: () => "" });
  for (const [lines, wanted] of [
    [[basic("zoë", "pass:wörd")], "in as zoë"],
    [[basic("zoë", "pass:wörd").replace("Basic", "BASIC")], "in as zoë"],
    [[basic("zoë", "pass")], "401 unauthenticated"],
    [[basic("nobody", "pass:wörd")], "401 unauthenticated"],
    [[basic("broken", "x")], "401 unauthenticated"],
    [[basic("__proto__", "x")], "401 unauthenticated"],
    [["Authorization: Basic !!!"], "401 unauthenticated"],
    [["Authorization: Basic em9l"], "401 unauthenticated"],
    [[`Authorization: Basic ${"A".repeat(4_000)}`], "401 unauthenticated"],
    [[], "401 unauthenticated"],
  ] as const)
    assert.equal(await said(spec, { lines, by: fresh() }), wanted, lines.join());
  const refused = await decide(spec);
  assert.equal(refused.ok ? "" : refused.fields, 'WWW-Authenticate: Basic realm="The \\"shop\\"", charset="UTF-8"\r\n');
});

test("a right password is remembered until it is changed; guessing ends after ten, for the address, not for who was right", async () => {
  const by = new Access({ tokens: () => null, unseal: () => "" });
  const spec = accessSpec({ basic: { realm: "x", users: { ann: user("right") } } });
  assert.equal(await said(spec, { lines: [basic("ann", "right")], by }), "in as ann");
  const request = requestOf("GET /", ["Host: a.test", basic("ann", "right")]);
  assert.ok(!(by.decide([spec], request, trueClient(request, NOBODY), "/") instanceof Promise));
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal(await said(spec, { lines: [basic(guess % 2 === 0 ? "ann" : "ben", `guess${guess}`)], by }), "401 unauthenticated");
  assert.equal(await said(spec, { lines: [basic("ann", "guess")], by }), "429 too_many_attempts");
  assert.equal(await said(spec, { lines: [basic("ann", "right")], by }), "in as ann");
  assert.equal(await said(spec, { lines: [basic("ann", "guess")], by, from: "203.0.113.10" }), "401 unauthenticated");
  const changed = accessSpec({ basic: { realm: "x", users: { ann: user("other") } } });
  assert.equal(await said(changed, { lines: [basic("ann", "right")], by, from: "203.0.113.10" }), "401 unauthenticated");
});

test("a flood of passwords is not all computed", async () => {
  const by = new Access({ tokens: () => null, unseal: () => "" });
  const spec = accessSpec({ basic: { realm: "x", users: { ann: user("right") } } });
  const one = (from: string, n: number): Promise<string> => said(spec, { lines: [basic("ann", `guess${n}`)], by, from });
  const alone = await Promise.all(Array.from({ length: 50 }, (_, n) => one("203.0.113.9", n)));
  assert.equal(alone.filter((each) => each === "503 busy").length, 46);
  const many = await Promise.all(Array.from({ length: 200 }, (_, n) => one(`198.51.100.${n}`, n)));
  assert.equal(many.filter((each) => each === "401 unauthenticated").length, 66);
  // One customer's addresses of IPv6 are one client.
  const six = await Promise.all(Array.from({ length: 20 }, (_, n) => one(`2001:db8:1:2::${n.toString(16)}`, n)));
  assert.equal(six.filter((each) => each === "401 unauthenticated").length, 4);
});

test("any one way lets in, and every list that is given must have who it is", async () => {
  const users = { ann: user("pw", { email: "ann@example.org", groups: ["staff"] }) };
  const either = accessSpec({ tokens: { names: null, scopes: [] }, basic: { realm: "x", users } });
  assert.equal(await said(either, { lines: [basic("ann", "pw")] }), "in as ann");
  assert.equal(await said(either, { lines: [basic("ann", "no"), "X-Tidegate-Token: tg_ann"] }), "in as t1");
  const refused = await decide(either);
  assert.match(refused.ok ? "" : refused.fields, /Bearer.*\r\n.*Basic/);
  const by = { lines: [basic("ann", "pw")] };
  for (const [some, wanted] of [
    [{ required_users: ["ann"] }, "in as ann"],
    [{ required_users: ["an", "Ann", "ann "] }, "403 not_allowed"],
    [{ required_emails: ["ann@example.org"] }, "in as ann"],
    [{ required_emails: ["example.org", "nn@example.org"] }, "403 not_allowed"],
    [{ required_groups: ["admins", "staff"] }, "in as ann"],
    [{ required_groups: ["admins"] }, "403 not_allowed"],
    [{ required_users: ["ann"], required_groups: ["admins"] }, "403 not_allowed"],
  ] as const)
    assert.equal(await said({ ...either, ...some }, by), wanted, JSON.stringify(some));
  assert.equal(await said(accessSpec({ required_users: ["ann"] })), "403 not_allowed");
});

test("excluded paths end at segments, and none that can be read as another is excluded", async () => {
  const spec = accessSpec({ tokens: { names: null, scopes: [] }, deny_ips: ["0.0.0.0/0"], excluded_paths: ["/public", "/a/"] });
  for (const path of ["/public", "/public/", "/public/x", "/a/b"]) assert.equal(await said(spec, { path }), "in as nobody", path);
  for (const path of ["/publicity", "/Public", "/a", "/", "/x/public", "/public/..%2Fadmin", "/public/..;/admin", "/public/%5c..%5cadmin"])
    assert.equal(await said(spec, { path }), "403 address_denied", path);
});

test("a route's rule comes on top of its target's, unless it says that it stands in its place", async () => {
  const of = (target: AccessSpec | null, route: AccessSpec | null, override = false): readonly AccessSpec[] =>
    accessOf(targetOf({ access: target }), routeOf({ access: route, override_access: override }));
  const closed = accessSpec({ tokens: { names: null, scopes: [] } });
  const open = accessSpec();
  const inside = accessSpec({ allow_ips: ["10.0.0.0/8"] });
  assert.equal(await said(of(closed, open)), "401 unauthenticated");
  assert.equal(await said(of(closed, open, true)), "in as nobody");
  assert.equal(await said(of(closed, null, true)), "401 unauthenticated");
  assert.equal(await said(of(null, closed)), "401 unauthenticated");
  assert.equal(await said(of(closed, inside), { lines: ["X-Tidegate-Token: tg_ann"] }), "403 address_denied");
  assert.equal(await said(of(closed, inside), { lines: ["X-Tidegate-Token: tg_ann"], from: "10.0.0.1" }), "in as t1");
  assert.deepEqual(of(null, null), []);
});
