import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, requestOf, targetOf, TRACE } from "../testing/plan.ts";
import { parseResponseHead } from "../wire/response-head.ts";
import { responseFields } from "./response.ts";

test("a client gets the upstream's fields without those of the hop and those that are ours or the target's to say", () => {
  const target = targetOf({ custom_response_headers: { "X-Frame-Options": "DENY", Server: null, "Content-Length": "9", Bad: "a\nb" } });
  const lines = [
    "HTTP/1.1 200 OK",
    "Server: nginx/1.22",
    "Content-Type: text/plain",
    "Content-Length: 5",
    "Connection: keep-alive, X-Internal",
    "X-Internal: 1",
    "Keep-Alive: timeout=5",
    'Alt-Svc: h3=":443"',
    "X-Trace-Id: theirs",
    "x-frame-options: ALLOW",
    "Set-Cookie: a=1",
    "Set-Cookie: b=2",
  ];
  const head = parseResponseHead(lines.map((each) => `${each}\r\n`).join(""), "GET", 100);
  const plan = planOf(requestOf("GET /", ["Host: a.test"]), { target, limits: "RateLimit: 1\r\n" });
  assert.equal(
    responseFields(plan, head),
    [
      "Content-Type: text/plain",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "RateLimit: 1",
      "Via: 1.1 tidegate",
      `X-Trace-Id: ${TRACE}`,
      "X-Frame-Options: DENY",
      "",
    ].join("\r\n"),
  );
});
