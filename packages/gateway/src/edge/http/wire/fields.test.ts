import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as roles from "./fields.ts";
import { bit, EVERYTHING_SPECIAL, type Fields, NEVER_FROM_CLIENT, parseFields, UNDERSCORE } from "./fields.ts";
import { parseRequestHead } from "./request-head.ts";

function fieldsOf(...lines: string[]): Fields {
  return parseFields(lines.map((line) => `${line}\r\n`).join(""), 0, 100);
}

function roleOf(name: string): string {
  const found = fieldsOf(`${name}: x`).role(0);
  return Object.entries(roles).find(([key, value]) => value === found && key === key.toUpperCase())?.[0] ?? "";
}

const ROLES: Readonly<Record<string, readonly string[]>> = {
  OTHER: ["Accept", "X-Auth-Token", "X-Tidegate-Token", "X-Authentic", "Set-Cookie", "Proxy.Name", "Content-Type", "Xhost"],
  HOST: ["host", "HOST"],
  CONTENT_LENGTH: ["Content-Length"],
  TRANSFER_ENCODING: ["transfer-Encoding"],
  CONNECTION: ["Connection"],
  HOP: ["Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Proxy-Authorization", "HTTP2-Settings"],
  UPGRADE: ["Upgrade"],
  EXPECT: ["Expect"],
  FORWARDED_FOR: ["X-Forwarded-For"],
  FORWARDED: ["Forwarded"],
  MANAGED: ["X-Forwarded-Proto", "X-Forwarded-Anything", "X-Real-IP", "X-Original-URL", "X-Forwarded"],
  IDENTITY: ["Remote-User", "X-Auth-User-Id", "X-Forwarded-Client-Cert", "X-Client-Cert", "X-Client-Cert-Chain", "X-Tidegate-User"],
  TRACE: ["traceparent", "TraceState"],
  REQUEST_ID: ["X-Request-ID", "X-Trace-Id"],
  AUTHORIZATION: ["Authorization"],
  COOKIE: ["Cookie"],
  ALIAS: [
    "X_Forwarded_For",
    "X-Forwarded.For",
    "x_real_ip",
    "Content_Length",
    "X-Auth_User",
    "Remote.User",
    "Transfer~Encoding",
    "X_Tidegate_User",
  ],
  UNDERSCORE: ["X_Thing", "_"],
};

describe("fields", () => {
  for (const [role, names] of Object.entries(ROLES))
    for (const name of names) test(`${name} is ${role}`, () => assert.equal(roleOf(name), role));

  test("are read by name, whatever its case, and in order", () => {
    const fields = fieldsOf("X-A:  one\t", "x-a:two", "X_A: three");
    assert.deepEqual([fields.get("x-a"), fields.get("x-b"), fields.all("x-a")], ["one", undefined, ["one", "two"]]);
    assert.deepEqual([fields.count, fields.name(0), fields.value(2)], [3, "x-a", "three"]);
    assert.equal(fields.has(bit(UNDERSCORE)), true);
    assert.equal(fields.has(bit(roles.HOST)), false);
  });

  test("are passed on without roles and without names in any spelling, the rest byte by byte", () => {
    const fields = fieldsOf("Host: a", "A:1", "X_Forwarded_For: evil", "X-Hide: 1", "X_Hide: 2", "B: \xe9", "Connection: close");
    assert.equal(fields.without(NEVER_FROM_CLIENT, ["x-hide"]), "Host: a\r\nA:1\r\nB: \xe9\r\n");
    assert.equal(fields.without(EVERYTHING_SPECIAL), "A:1\r\nX-Hide: 1\r\nB: \xe9\r\n");
    assert.equal(fields.without(0), fields.text);
    assert.equal(fieldsOf().without(0), "");
  });

  test("of no role are hop-by-hop when Connection names them, others never", () => {
    const names = "X-Mine, Host, X-Forwarded-For, Authorization, Cookie, Content-Length, X-Auth-User, close";
    const lines = ["Host: a", "X-Mine: 1", "X-Forwarded-For: b", "Authorization: c", "Cookie: d", "Content-Length: 0", "X-Auth-User: e"];
    const head = parseRequestHead(`GET / HTTP/1.1\r\n${[`Connection: ${names}`, ...lines].join("\r\n")}\r\n`, {
      maxFields: 100,
      maxTarget: 100,
    });
    const kept = head.fields.without(bit(roles.HOP) | bit(roles.CONNECTION));
    assert.equal(kept, lines.filter((text) => !text.startsWith("X-Mine")).join("\r\n") + "\r\n");
  });
});
