import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseExposition } from "../testing/exposition-parser.ts";
import { render } from "./prometheus.ts";

test("exposition: help, type, labels and numbers in Prometheus' form", () => {
  const text = render([
    {
      name: "requests_total",
      type: "counter",
      help: "Two\nlines and a \\.",
      samples: [{ labels: { host: 'a"b\\c\nd', code: "2xx" }, value: 3 }, { value: Infinity }],
    },
    { name: "none", type: "gauge", help: "Left out.", samples: [] },
  ]);
  assert.equal(
    text,
    [
      "# HELP requests_total Two\\nlines and a \\\\.",
      "# TYPE requests_total counter",
      'requests_total{host="a\\"b\\\\c\\nd",code="2xx"} 3',
      "requests_total +Inf",
      "",
    ].join("\n"),
  );
});

test("exposition: whatever a label holds, a reader gets it back", () => {
  const number = fc.oneof(fc.double({ noNaN: true }), fc.integer());
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), number, (label, help, value) => {
      const text = render([{ name: "a_b", type: "gauge", help, samples: [{ labels: { l: label }, value }] }]);
      const [family] = parseExposition(text);
      assert.deepEqual(family?.samples, [{ name: "a_b", labels: { l: label }, value: value === 0 ? 0 : value }]);
    }),
  );
});
