import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenAnswer } from "../contract.ts";
import { cell, formatted } from "./token-list.ts";

const times = { created_at: 0, expires_at: null, last_used_at: null, rotated_at: null };
const EVIL: TokenAnswer = {
  ...times,
  name: "laptop",
  email: "=cmd|'/c calc'!a1@example.org",
  scopes: ["logs:read", "logs:write"],
  created_by: "admin",
  state: "active",
  hint: "tg_-abc",
  version: 1,
  owns: {},
};

test("no cell of the CSV is a formula or breaks out of its place", () => {
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]) assert.match(cell(text), /^"?'/, text);
  assert.equal(cell('say "hi", twice'), '"say ""hi"", twice"');
  assert.equal(cell("a=b"), "a=b");
  const [head, row, end] = formatted([EVIL], "csv").split("\r\n");
  assert.match(head ?? "", /^name,email,scopes,state,/);
  assert.match(
    row ?? "",
    /^laptop,'=cmd\|'\/c calc'!a1@example\.org,logs:read logs:write,active,1970-01-01T00:00:00\.000Z,admin,,,tg_-abc$/,
  );
  assert.equal(end, "");
});

test("the table is aligned, JSON is the list itself", () => {
  const lines = formatted([EVIL, { ...EVIL, name: "a-much-longer-name" }], "table").split("\n");
  assert.equal(lines[0]?.indexOf("email"), lines[1]?.indexOf("=cmd"));
  assert.equal(lines[1]?.indexOf("=cmd"), lines[2]?.indexOf("=cmd"));
  assert.deepEqual(JSON.parse(formatted([EVIL], "json")), { items: [EVIL] });
});
