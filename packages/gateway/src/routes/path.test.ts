/** Tests of the one spelling of a path: a table of spellings, what is refused, and that nothing climbs out of a prefix. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { isBelow, normalise, normalisePath, renormalise, unfolded } from "./path.ts";

const SPELLINGS: readonly (readonly [sent: string, path: string])[] = [
  ["/", "/"],
  ["/a", "/a"],
  ["/a/", "/a/"],
  ["//", "/"],
  ["///a//b///", "/a/b/"],
  ["/.", "/"],
  ["/..", "/"],
  ["/a/.", "/a/"],
  ["/a/..", "/"],
  ["/a/b/..", "/a/"],
  ["/a/./b/../c", "/a/c"],
  ["/../../a", "/a"],
  ["/a/%2e%2E/b", "/b"],
  ["/a/.%2e/b", "/b"],
  ["/a/%2e/b", "/a/b"],
  ["/a//../b", "/b"],
  ["/%61%7Edmin", "/a~dmin"],
  ["/a%2fb", "/a%2Fb"],
  ["/a%3bb", "/a%3Bb"],
  ["/a%252e%252e/b", "/a%252e%252e/b"],
  ["/.well-known/x", "/.well-known/x"],
  ["/a..b/...c/...", "/a..b/...c/..."],
  ["/a;v=1/b", "/a;v=1/b"],
  ['/a"<>^`{|}', "/a%22%3C%3E%5E%60%7B%7C%7D"],
  ["/caf%c3%a9", "/caf%C3%A9"],
];

const REFUSED = [
  "",
  "a",
  "*",
  "/%",
  "/%4",
  "/%zz",
  "/a%00",
  "/a%0d%0a",
  "/a\\b",
  "/a%5cb",
  "/a%5C..",
  "/a b",
  "/a\tb",
  "/a\u007f",
  "/é",
  "/a#b",
  "/a/..%2fb",
  "/a/%2e%2e%2Fb",
  "/a%2F..",
  "/a%2f.%2fb",
  "/a/..;/b",
  "/a/..;x=1/b",
  "/a/.;/b",
  "/a/..%3b/b",
];

describe("normalise", () => {
  it("gives each path one spelling", () => {
    for (const [sent, path] of SPELLINGS) assert.equal(normalise(sent), path, sent);
  });

  it("refuses what servers disagree about", () => {
    for (const sent of REFUSED) assert.notEqual(typeof normalise(sent), "string", JSON.stringify(sent));
  });

  it("leaves the query alone", () => {
    assert.deepEqual(normalisePath("/a/../b?x=/../%2e#?y"), { ok: true, path: "/b", query: "?x=/../%2e#?y" });
    assert.deepEqual(normalisePath("/a?"), { ok: true, path: "/a", query: "?" });
    assert.equal(normalisePath("/%?a").ok, false);
  });

  it("is its own normal form and keeps its invariants", () => {
    fc.assert(
      fc.property(spelling(), (sent) => {
        const path = normalise(sent);
        if (typeof path !== "string") return;
        assert.equal(normalise(path), path);
        assert.match(path, /^\/[\x21-\x7e]*$/);
        assert.doesNotMatch(path, /\/\/|\/\.{1,2}(?:\/|$)|\\|%00|%5C/i);
        assert.equal(renormalise(path), path);
      }),
      { numRuns: 2000 },
    );
  });

  it("is total for what rewriting made", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), spelling()), (made) => {
        const path = renormalise(made);
        assert.equal(normalise(path), path);
      }),
    );
  });

  it("decodes as a second server would, without leaving the root", () => {
    assert.equal(unfolded("/a%2Fb"), "/a/b");
    assert.equal(unfolded("/a%20b"), "/a%20b");
    assert.equal(unfolded("/a%28b"), "/a(b");
  });
});

describe("isBelow", () => {
  it("compares whole segments", () => {
    for (const [path, prefix, expected] of [
      ["/api", "/api", true],
      ["/api/", "/api", true],
      ["/api/x", "/api", true],
      ["/apix", "/api", false],
      ["/ap", "/api", false],
      ["/x", "/", true],
    ] as const)
      assert.equal(isBelow(path, prefix), expected, `${path} ${prefix}`);
  });
});

function spelling(): fc.Arbitrary<string> {
  const part = fc.constantFrom(
    "/",
    "/",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "\\",
    "a",
    "b%41",
    "%",
    "%00",
    ";",
    "//",
    "%25",
    "%2",
    "é",
    "{",
    "%c3%a9",
    "~",
  );
  return fc.array(part, { maxLength: 14 }).map((parts) => `/${parts.join("")}`);
}
