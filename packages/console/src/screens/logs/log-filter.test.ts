import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "tidegate/contract";
import { fits, parseFilter, queryOfFilter, withTerm, writeFilter } from "./log-filter.ts";

const entry = {
  id: "1-0",
  level: "error",
  component: "worker",
  eventType: null,
  traceId: null,
  message: "order 7 refused",
  fields: { status: 503, path: "/orders/7", order: { id: 7 } },
} as unknown as LogEntry;

test("a filter is read into terms and words, and written back", () => {
  const text = String.raw`status:5xx -component:demo note:"two \"words\"" -noise refused`;
  const filter = parseFilter(text);
  assert.deepEqual(filter.terms, [
    { field: "status", value: "5xx", exclude: false },
    { field: "component", value: "demo", exclude: true },
    { field: "note", value: 'two "words"', exclude: false },
    { field: "text", value: "noise", exclude: true },
  ]);
  assert.equal(filter.text, "refused");
  assert.deepEqual(parseFilter(writeFilter(filter)), filter);
});

test("an address is a word, not a field", () => {
  assert.deepEqual(parseFilter("http://a/b 12:30").terms, []);
});

test("the server is asked for what it indexes, and for the text of one other field", () => {
  assert.deepEqual(queryOfFilter(parseFilter("status:5xx -host:a order.id:7")), { status: "5xx", q: "7" });
  assert.deepEqual(queryOfFilter(parseFilter("order.id:7 refused")), { q: "refused" });
});

test("what the server was not asked is judged on the entry", () => {
  assert.ok(fits(entry, parseFilter("order.id:7 -component:demo")));
  assert.ok(!fits(entry, parseFilter("order.id:8")));
  for (const out of ["-component:worker", "-status:5xx", "-path:/orders/*", "-refused", "-order.id:7"])
    assert.ok(!fits(entry, parseFilter(out)), out);
});

test("a new value takes the place of the old one, and of its opposite", () => {
  const was = parseFilter("component:a -level:info");
  assert.equal(writeFilter(withTerm(was, { field: "component", value: "b", exclude: false })), "-level:info component:b");
  assert.equal(writeFilter(withTerm(was, { field: "level", value: "info", exclude: false })), "component:a level:info");
  assert.equal(writeFilter(withTerm(was, { field: "level", value: "warn", exclude: true })), "component:a -level:info -level:warn");
});
