/** What may stand at the beginning of a connection to a port with tokens, whole and cut at every byte. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Attempts } from "./attempts.ts";
import { HEAD_LIMIT, PREAMBLE_LIMIT, readOpening } from "./opening.ts";

const GET = "GET /a HTTP/1.1\r\nHost: x\r\n";

/** Text, then the token and what the application gets. */
const GOOD: readonly (readonly [string, string, string])[] = [
  ["TIDEGATE secret\r\n", "secret", ""],
  ["TIDEGATE secret\r\nSELECT 1\r\n", "secret", "SELECT 1\r\n"],
  [`${GET}X-Tidegate-Token: secret\r\nA: b\r\n\r\nbody`, "secret", `${GET}A: b\r\n\r\nbody`],
  [`${GET}authorization: bearer  secret\r\n\r\n`, "secret", `${GET}\r\n`],
  [`${GET}Authorization: Basic app\r\nX-TIDEGATE-TOKEN:secret\r\n\r\n`, "secret", `${GET}Authorization: Basic app\r\n\r\n`],
  [`${GET}Authorization: Bearer app\r\nX-Tidegate-Token: secret\r\n\r\n`, "secret", `${GET}Authorization: Bearer app\r\n\r\n`],
  [`TRACE / HTTP/1.0\r\nX-Tidegate-Token: s\r\n\r\n`, "s", `TRACE / HTTP/1.0\r\n\r\n`],
];

/** Text, then the status of an HTTP answer. */
const BAD: readonly (readonly [string, number | null])[] = [
  ["hello\r\n", null],
  ["\r\n", null],
  ["\u0016\u0003\u0001", null],
  ["tidegate secret\r\n", null],
  ["TIDEGATE \r\n", null],
  ["TIDEGATE secret\n", null],
  ["TIDEGATE two words\r\n", null],
  ["TIDEGATE secr\0et\r\n", null],
  [`TIDEGATE ${"x".repeat(PREAMBLE_LIMIT)}`, null],
  ["HELO mail\r\n", null],
  ["GET /a HTTP/2.0\r\n", null],
  [`${GET}\r\n`, 401],
  [`${GET}Authorization: Basic c2VjcmV0\r\n\r\n`, 401],
  [`${GET}X-Tidegate-Token: a\r\nX-Tidegate-Token: b\r\n\r\n`, 400],
  [`${GET}X-Tidegate-Token : a\r\n\r\n`, 400],
  [`${GET}A: b\r\n folded\r\n\r\n`, 400],
  [`${GET}A: b\nX-Tidegate-Token: a\r\n\r\n`, 400],
  [`${GET}A: ${"x".repeat(HEAD_LIMIT)}`, 431],
];

describe("the opening of a connection", () => {
  for (const [text, token, rest] of GOOD)
    it(`takes ${JSON.stringify(text)} at every cut`, () => {
      const found = readOpening(Buffer.from(text, "latin1"));
      assert.ok(found.kind === "token");
      assert.deepEqual([found.token, found.rest.toString("latin1")], [token, rest]);
      const needed = text.length - (text.endsWith("body") ? 4 : text.includes("SELECT") ? 10 : 0);
      for (let at = 0; at < needed; at += 1)
        assert.equal(readOpening(Buffer.from(text.slice(0, at), "latin1")).kind, "more", `cut at ${at}`);
    });

  for (const [text, status] of BAD)
    it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
      const found = readOpening(Buffer.from(text, "latin1"));
      assert.ok(found.kind === "bad", found.kind);
      assert.equal(found.status, status);
    });
});

describe("wrong tokens", () => {
  it("block an address after ten within a minute, until the minute is over", () => {
    let now = 0;
    const attempts = new Attempts(() => now);
    for (let count = 0; count < 10; count += 1) {
      assert.equal(attempts.blocked("a"), false);
      attempts.failed("a");
    }
    assert.deepEqual([attempts.blocked("a"), attempts.blocked("b")], [true, false]);
    now = 60_001;
    assert.equal(attempts.blocked("a"), false);
  });
});
