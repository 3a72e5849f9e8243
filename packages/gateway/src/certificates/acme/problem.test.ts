import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemOf, speakable } from "./problem.ts";

const CIRCUMSTANCES = { answerStatus: 200, notBefore: null, url: "https://ca.example/z/1" };
const TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
const THUMBPRINT = "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";

describe("problemOf()", () => {
  it("gives a challenge's error to its name, with a hint of what to do", () => {
    const problem = problemOf(
      { type: "urn:ietf:params:acme:error:connection", detail: "192.0.2.1: Timeout during connect", status: 400 },
      { ...CIRCUMSTANCES, domain: "app.example" },
    );
    assert.deepEqual(problem?.subproblems, [
      { domain: "app.example", type: "urn:ietf:params:acme:error:connection", detail: "192.0.2.1: Timeout during connect" },
    ]);
    assert.deepEqual([problem?.answerStatus, problem?.is("connection"), problem?.is("dns")], [400, true, false]);
    assert.equal(problem?.message, "ca.example refused (400 connection): 192.0.2.1: Timeout during connect");
    assert.match(problem?.hint ?? "", /port 80/);
  });

  it("tells the hint and the words of the names a compound problem is about", () => {
    const about = (value: string, kind: string) => ({
      type: `urn:ietf:params:acme:error:${kind}`,
      detail: `no ${kind}`,
      identifier: { value },
    });
    const compound = {
      type: "urn:ietf:params:acme:error:compound",
      detail: "Two of them.",
      subproblems: [about("a.example", "caa"), about("b.example", "caa")],
    };
    const problem = problemOf(compound, { ...CIRCUMSTANCES, answerStatus: 403 });
    assert.equal(problem?.message, "ca.example refused (403 compound): Two of them. — a.example: no caa — b.example: no caa");
    assert.match(problem?.hint ?? "", /CAA record/);
    assert.ok(problem?.is("caa"));
  });

  it("is null for what is none, and bears nonsense", () => {
    for (const document of [null, "text", [], {}, { type: 7 }]) assert.equal(problemOf(document, CIRCUMSTANCES), null);
    const odd = problemOf({ type: "x", detail: 7, subproblems: "none", status: "409" }, { ...CIRCUMSTANCES, answerStatus: 418 });
    assert.deepEqual([odd?.detail, odd?.subproblems, odd?.answerStatus, odd?.hint], ["", [], 418, undefined]);
  });
});

describe("speakable()", () => {
  const cases: readonly [string, string][] = [
    [`Expected "${TOKEN}.${THUMBPRINT}" (got "${TOKEN}.${THUMBPRINT}x")`, 'Expected "[key authorization]" (got "[key authorization]")'],
    [
      `Fetching http://a.example/.well-known/acme-challenge/${TOKEN}: Timeout`,
      "Fetching http://a.example/.well-known/acme-challenge/[token]: Timeout",
    ],
    ["two\r\nlines\u202e \u001b[31m", "two lines [31m"],
    ["a-long-label-of-a-name.another-long-label-of-it.example", "a-long-label-of-a-name.another-long-label-of-it.example"],
    ["x".repeat(1_001), `${"x".repeat(1_000)}…`],
  ];
  for (const [said, kept] of cases) it(`${said.slice(0, 40)} … is told as ${kept.slice(0, 40)}`, () => assert.equal(speakable(said), kept));
});
