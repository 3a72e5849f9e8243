import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, it } from "node:test";
import { SYSTEM_CLOCK, type Clock } from "../clock.ts";
import type { AcmeProblem } from "./problem.ts";
import { is, json, jwsOf, LyingCa, NOON } from "./testing/lying-ca.ts";

const TOKEN = "t".repeat(43);
const NEXT_WINDOW = {
  suggestedWindow: { start: "2026-12-01T00:00:00Z", end: "2026-12-02T00:00:00Z" },
  explanationURL: "https://ca.example/why",
};

describe("AcmeClient with a CA that lies", { concurrency: false }, () => {
  const bed = new AsyncDisposableStack();
  const never = new AbortController().signal;
  let ca: LyingCa;

  before(async () => void (ca = bed.use(await LyingCa.start())));
  after(() => bed.disposeAsync());

  it("an order that is never decided is asked about as often as the CA says, until the deadline", async () => {
    const { clock, slept } = movingClock();
    using client = ca.client({ clock });
    ca.lies.set("POST /o/1", (response) => json(response, 200, ca.order("processing")));
    const until = { until: ["valid"], deadline: NOON + 12_000 } as const;
    await assert.rejects(client.settled("order", `${ca.origin}/o/1`, until, never), (error) =>
      is(error, "ACME_UNREACHABLE", /still processing/),
    );
    assert.deepEqual(slept, [1_000, 1_500, 2_250, 3_375, 3_875]);
    ca.lies.set("POST /o/1", (response) => json(response.setHeader("retry-after", "30"), 200, ca.order("processing")));
    await assert.rejects(client.settled("order", `${ca.origin}/o/1`, { ...until, deadline: NOON + 80_000 }, never), {
      code: "ACME_UNREACHABLE",
    });
    assert.deepEqual(slept.slice(5), [30_000, 30_000]);
  });

  it("answers that would lead astray are refused: tokens that are paths, statuses nobody knows, chains of rubbish", async () => {
    using client = ca.client();
    const authorization = (token: unknown, status: string): object => ({
      status,
      identifier: { type: "dns", value: "a.example" },
      challenges: [
        { type: "http-01", url: `${ca.origin}/c`, status: "pending", token },
        { type: "dns-persist-01", url: `${ca.origin}/d`, status: "pending" },
      ],
    });
    ca.lies.set("POST /z", (response) => json(response, 200, authorization("../../etc/passwd-of-the-machine", "pending")));
    await assert.rejects(client.authorization(`${ca.origin}/z`, never), (error) =>
      is(error, "ACME_INVALID_ANSWER", /challenges\.0\.token/),
    );
    ca.lies.set("POST /z", (response) => json(response, 200, authorization(TOKEN, "great")));
    await assert.rejects(client.authorization(`${ca.origin}/z`, never), (error) => is(error, "ACME_INVALID_ANSWER", /status is none of/));
    ca.lies.set("POST /z", (response) => json(response, 200, authorization(TOKEN, "pending")));
    assert.deepEqual(
      (await client.authorization(`${ca.origin}/z`, never)).challenges.map(({ type }) => type),
      ["http-01"],
    );
    for (const [type, body] of [
      ["text/html", ca.trusted],
      ["application/pem-certificate-chain", ca.trusted.replace(/MII.{40}/, "")],
    ] as const) {
      ca.lies.set("POST /cert", (response) => response.setHeader("content-type", type).end(body));
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(client.download(`${ca.origin}/cert`, null, never), { code: "ACME_INVALID_ANSWER" });
    }
  });

  it("renewal information is asked for by name of the certificate, and its window is kept within reason", async () => {
    using client = ca.client();
    ca.lies.set("GET /ari/id.1", (response) => json(response, 200, NEXT_WINDOW));
    const usual = await client.renewalInfo("id.1", never);
    const [start, end] = [Date.UTC(2026, 11, 1), Date.UTC(2026, 11, 2)];
    assert.deepEqual(usual, { start, end, explanationUrl: "https://ca.example/why", againAt: NOON + 6 * 3_600_000 });
    for (const [said, kept] of [
      ["1", 60_000],
      ["7200", 7_200_000],
      ["9999999", 86_400_000],
    ] as const) {
      ca.lies.set("GET /ari/id.1", (response) => json(response.setHeader("retry-after", said), 200, NEXT_WINDOW));
      // oxlint-disable-next-line no-await-in-loop
      assert.equal((await client.renewalInfo("id.1", never))?.againAt, NOON + kept);
    }
    const { start: early, end: late } = NEXT_WINDOW.suggestedWindow;
    ca.lies.set("GET /ari/id.1", (response) => json(response, 200, { suggestedWindow: { start: late, end: early } }));
    await assert.rejects(client.renewalInfo("id.1", never), (error) => is(error, "ACME_INVALID_ANSWER", /ends before it starts/));
  });

  it("an order says what it replaces and which profile it wants", async () => {
    using client = ca.client();
    const payloads: unknown[] = [];
    ca.lies.set("POST /order", async (response, request) => {
      payloads.push(JSON.parse(Buffer.from((await jwsOf(request)).payload, "base64url").toString()));
      json(response.setHeader("location", "/o/1"), 201, ca.order("pending"));
    });
    await client.newOrder({ domains: ["a.example"], replaces: "id.1", profile: "shortlived" }, never);
    assert.deepEqual(payloads, [{ identifiers: [{ type: "dns", value: "a.example" }], replaces: "id.1", profile: "shortlived" }]);
    await assert.rejects(client.newOrder({ domains: ["a.example"], profile: "toString" }, never), (error: AcmeProblem) =>
      error.is("invalidProfile"),
    );
  });

  it("ten requests at once share eight sockets", async () => {
    using client = ca.client();
    const held: ServerResponse[] = [];
    const give = (response: ServerResponse): unknown => json(response, 200, NEXT_WINDOW);
    ca.lies.set("GET /ari/id.1", (response) => {
      if (held.push(response) === 8) for (const one of held) give(one);
      if (held.length > 8) give(response);
    });
    await client.directory(never);
    const before = ca.opened;
    await Promise.all(Array.from({ length: 10 }, () => client.renewalInfo("id.1", never)));
    assert.equal(held.length, 10);
    assert.ok(ca.opened - before < 8, `${ca.opened - before} more sockets`);
  });

  it("an abort ends a request and a wait at once, and no socket stays open", async () => {
    const end = new AbortController();
    const leaseLost = new AbortController();
    const sleep: Clock["sleep"] = (_, signal) => {
      leaseLost.abort(new Error("the lease is lost"));
      return SYSTEM_CLOCK.sleep(60_000, signal);
    };
    const client = ca.client({ signal: end.signal, clock: { now: () => NOON, sleep } });
    const began = performance.now();
    const stopping = new AbortController();
    ca.lies.set("POST /z", () => stopping.abort());
    await assert.rejects(client.authorization(`${ca.origin}/z`, stopping.signal), { name: "AbortError" });
    ca.lies.set("POST /o/1", (response) => json(response, 200, ca.order("processing")));
    const until = { until: ["valid"], deadline: NOON + 60_000 } as const;
    await assert.rejects(client.settled("order", `${ca.origin}/o/1`, until, leaseLost.signal), /the lease is lost/);
    ca.lies.set("POST /z", () => end.abort());
    await assert.rejects(client.authorization(`${ca.origin}/z`, never), { name: "AbortError" });
    await Promise.all([...ca.sockets].map((socket) => new Promise((resolve) => void socket.once("close", resolve))));
    // An idle socket would close by itself after 4 s.
    assert.ok(performance.now() - began < 3_000);
    await assert.rejects(client.order(`${ca.origin}/o/1`, never), { name: "AbortError" }, "closed is closed");
  });
});

function movingClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  const now = (): number => NOON + slept.reduce((sum, one) => sum + one, 0);
  const sleep = (milliseconds: number): Promise<void> => Promise.resolve(void slept.push(milliseconds));
  return { clock: { now, sleep }, slept };
}
