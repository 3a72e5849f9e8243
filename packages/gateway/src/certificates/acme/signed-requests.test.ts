import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { after, before, describe, it } from "node:test";
import { AcmeProblem, URN } from "./problem.ts";
import { is, json, jwsOf, LyingCa, NOON, type Lie } from "./testing/lying-ca.ts";

describe("refusals of a CA", { concurrency: false }, () => {
  const bed = new AsyncDisposableStack();
  const never = new AbortController().signal;
  let ca: LyingCa;

  before(async () => void (ca = bed.use(await LyingCa.start())));
  after(() => bed.disposeAsync());

  const waits: readonly [string, string | null, number | null][] = [
    ["seconds", "3600", NOON + 3_600_000],
    ["a date", "Sun, 22 Nov 2026 13:00:00 GMT", NOON + 3_600_000],
    ["a date gone by", "Sun, 22 Nov 2026 11:00:00 GMT", NOON],
    ["nonsense", "soon", null],
    ["nothing", null, null],
  ];
  for (const [what, header, notBefore] of waits) {
    it(`429 with Retry-After as ${what} says when`, async () => {
      using client = ca.client();
      const limited = { type: `${URN}rateLimited`, detail: "too many\u2028certificates", subproblems: [subproblem("a.example"), 7, {}] };
      ca.lies.set("POST /order", (response) => {
        if (header !== null) response.setHeader("retry-after", header);
        json(response, 429, limited, "application/problem+json");
      });
      const failed = await client.newOrder({ domains: ["a.example"] }, never).catch((error: unknown) => error);
      assert.ok(failed instanceof AcmeProblem && failed.is("rateLimited"));
      assert.deepEqual(
        [failed.status, failed.answerStatus, failed.notBefore, failed.detail, failed.url],
        [502, 429, notBefore, "too many certificates", `${ca.origin}/order`],
      );
      assert.deepEqual(failed.subproblems, [{ domain: "a.example", type: `${URN}caa`, detail: "forbidden" }]);
    });
  }

  it("503 without a problem keeps its Retry-After", async () => {
    using client = ca.client();
    ca.lies.set("GET /dir", (response) => response.writeHead(503, { "retry-after": "60" }).end("<h1>Maintenance</h1>"));
    const failed = await client.directory(never).catch((error: unknown) => error);
    assert.ok(failed instanceof AcmeProblem, String(failed));
    assert.deepEqual([failed.type, failed.answerStatus, failed.notBefore], ["about:blank", 503, NOON + 60_000]);
    assert.match(failed.detail, /Maintenance/);
  });

  it("a nonce that is refused is tried twenty times more, each time with the nonce of the refusal", async () => {
    using client = ca.client();
    const nonces: string[] = [];
    const refuseUntil =
      (good: number): Lie =>
      async (response, request) => {
        nonces.push(await nonceOf(request));
        response.setHeader("replay-nonce", `next-${nonces.length}`);
        if (nonces.length < good) return json(response, 400, { type: `${URN}badNonce`, detail: "old" }, "application/problem+json");
        json(response.setHeader("location", "/o/1"), 201, ca.order("pending"));
      };
    ca.lies.set("POST /order", refuseUntil(21));
    assert.equal((await client.newOrder({ domains: ["a.example"] }, never)).url, `${ca.origin}/o/1`);
    assert.deepEqual(nonces, ["first", ...Array.from({ length: 20 }, (_, at) => `next-${at + 1}`)]);
    ca.lies.set("POST /order", refuseUntil(100));
    nonces.length = 0;
    await assert.rejects(client.newOrder({ domains: ["a.example"] }, never), (error: AcmeProblem) => error.is("badNonce"));
    assert.equal(nonces.length, 21);
    assert.equal(ca.asked.filter((one) => one === "HEAD /nonce").length, 1);
  });

  it("a CA without nonces, and an account without an address, are none", async () => {
    using client = ca.client();
    ca.lies.set("HEAD /nonce", (response) => response.setHeader("replay-nonce", "no nonce!").end());
    await assert.rejects(client.newOrder({ domains: ["a.example"] }, never), (error) => is(error, "ACME_INVALID_ANSWER", /Replay-Nonce/));
    using other = ca.client();
    ca.lies.set("POST /account", (response) => json(response, 201, { status: "valid" }));
    await assert.rejects(other.register(null, never), (error) => is(error, "ACME_INVALID_ANSWER", /Location/));
  });
});

function subproblem(value: string): object {
  return { type: `${URN}caa`, detail: "forbidden", identifier: { type: "dns", value } };
}

async function nonceOf(request: IncomingMessage): Promise<string> {
  const head = Buffer.from((await jwsOf(request)).protected, "base64url").toString();
  return (JSON.parse(head) as { nonce: string }).nonce;
}
