import assert from "node:assert/strict";
import { test } from "node:test";
import { RESOURCES } from "../gateway-contract.ts";
import type { Resource, Scope } from "../gateway-contract.ts";
import { allows, covers, LEVELS, mayChange, parseScope, parseScopes } from "./scopes.ts";

test("a scope allows its own resource up to its level, and nothing else", () => {
  for (const given of RESOURCES)
    for (const [reach, level] of LEVELS.entries())
      for (const resource of RESOURCES)
        for (const [need, wanted] of LEVELS.entries()) {
          const expected = given === resource && need <= reach;
          assert.equal(allows([`${given}:${level}`], { resource, level: wanted }), expected, `${given}:${level} → ${resource}:${wanted}`);
        }
  assert.ok(allows(["*"], { resource: "tokens", level: "admin" }));
  assert.ok(!allows([], { resource: "messages", level: "read" }));
});

test("nothing but a scope is one", () => {
  for (const text of [
    "",
    "**",
    "*:read",
    "services",
    "services:",
    "services:own",
    "Services:read",
    "services:read:x",
    " services:read",
    "__proto__:read",
  ])
    assert.equal(parseScope(text), null, text);
  assert.throws(() => parseScopes(["logs:read", "cats:read"]), { code: "UNKNOWN_SCOPE", message: /cats:read/ });
  assert.deepEqual(parseScopes(["tokens:read", "logs:read", "logs:write", "logs:write"]), ["logs:write", "tokens:read"]);
  assert.deepEqual(parseScopes(["logs:read", "*"]), ["*"]);
});

test("all is covered by all only; everything else by what contains it", () => {
  const cases: [Scope[], Scope[], boolean][] = [
    [["*"], ["*", "logs:admin"], true],
    [["logs:admin"], ["logs:read", "logs:write"], true],
    [["logs:read"], ["logs:write"], false],
    [RESOURCES.map((resource): Scope => `${resource}:admin`), ["*"], false],
    [[], [], true],
  ];
  for (const [own, wanted, expected] of cases) assert.equal(covers(own, wanted), expected, `${own.join()} covers ${wanted.join()}`);
});

test("with write one changes one's own, with admin everybody's", () => {
  const may = (scope: Scope, owner: string, resource: Resource = "services"): boolean =>
    mayChange({ subject: "ann", scopes: [scope] }, resource, owner);
  assert.deepEqual([may("services:write", "ann"), may("services:write", "bob"), may("services:admin", "bob")], [true, false, true]);
  assert.deepEqual([may("services:read", "ann"), may("ports:admin", "ann"), may("*", "bob")], [false, false, true]);
});
