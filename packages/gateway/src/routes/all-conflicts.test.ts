import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { conflictsAmong, relationsAmong } from "./all-conflicts.ts";
import { conflictsOf } from "./conflicts.ts";
import type { RouteEntry } from "./question.ts";
import { route } from "./testing/data.ts";

const anyRoute = fc
  .record({
    path_pattern: fc.constantFrom("/", "/a", "/a/", "/a/b", "/ab", "/a/b/c"),
    form: fc.constantFrom("prefix", "prefix", "exact", "regex"),
    priority: fc.constantFrom(50, 51),
    methods: fc.constantFrom(null, null, ["GET"], ["GET", "POST"]),
    headers: fc.constantFrom({}, {}, { "X-A": "1" }),
    hosts: fc.constantFrom([], [], ["x"], ["x", "y"], ["y", "z"]),
    enabled: fc.constantFrom(true, true, true, false),
  })
  .map(({ path_pattern: path, form, hosts, ...rest }) => {
    const scope = hosts.length > 0 ? "proxy" : "global";
    return route("r", path, { ...rest, is_regex: form === "regex", exact: form === "exact", scope, proxy_hostnames: hosts });
  });

test("among many the same conflicts are found as one by one", () => {
  fc.assert(
    fc.property(fc.array(anyRoute, { maxLength: 8 }), (found) => {
      const all = found.map(({ data }, at): RouteEntry => ({ name: `r${at}`, data }));
      const one = all.flatMap((entry) => conflictsOf(entry, all));
      assert.deepEqual(inOrder(conflictsAmong(all)), inOrder(one));
    }),
    { numRuns: 500 },
  );
});

test("thousands of routes for as many hosts and paths are looked through at once", () => {
  const all = Array.from({ length: 4_000 }, (_, at) =>
    at % 2 === 0
      ? route(`r${at}`, "/api", { scope: "proxy", proxy_hostnames: [`h${at}.example`] })
      : route(`r${at}`, `/a${at % 50}/b${at}`),
  );
  const before = process.cpuUsage();
  assert.deepEqual(conflictsAmong(all), []);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 2_000_000, `${user + system} µs; one by one it is tens of seconds`);
});

test("who is never asked says because of whom, and the other way round", () => {
  const found = relationsAmong([route("narrow", "/api/v1"), route("wide", "/api", { priority: 100 }), route("other", "/other")]);
  assert.deepEqual(
    found.get("narrow")?.map(({ other, kind }) => [other, kind]),
    [["wide", "shadowed"]],
  );
  assert.deepEqual(
    found.get("wide")?.map(({ other, kind }) => [other, kind]),
    [["narrow", "shadows"]],
  );
  assert.equal(found.size, 2);
});

function inOrder(conflicts: readonly { route: string; other: string; kind: string }[]): string[] {
  return conflicts.map(({ route: id, other, kind }) => `${id} ${other} ${kind}`).toSorted();
}
