/** A failover as an application sees it: nothing is restarted, nothing that a replica had confirmed is lost. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "@redis/client";
import { connect, type Notice } from "../index.ts";
import { Certificates } from "../testing/certificates.ts";
import { probe, until } from "../testing/events.ts";
import { SentinelSet } from "../testing/sentinel.ts";

describe("sentinel", { concurrency: false }, () => {
  test("the primary dies: publisher and consumer go on with the promoted replica, and nothing confirmed is lost", async (t) => {
    await using set = await SentinelSet.start();
    await using tide = await connect({ url: set.url, namespace: "failover", publishTimeout: 30_000 });
    assert.equal(tide.address, `127.0.0.1:${set.primary.port}`);
    const handled = new Set<number>();
    const seen = probe<number>();
    await tide.consume("orders", { lease: 2_000 }, ({ data }) => {
      handled.add(data as number);
      seen.add(data as number);
    });
    const confirmed: number[] = [];
    const send = async (n: number): Promise<void> => {
      const receipt = await tide.publish("orders", { type: "placed", data: n }, { durability: { replicas: 1, timeout: 5_000 } });
      assert.equal(receipt.status, "replicated");
      confirmed.push(n);
    };
    for (let n = 0; n < 100; n++) await send(n);
    await seen.reaches(100);
    for (let n = 100; n < 110; n++) await send(n);
    const killed = performance.now();
    await set.primary.kill("SIGKILL");
    const during = tide.publish("orders", { type: "placed", data: 110 });
    await during;
    const published = performance.now() - killed;
    await until("everything was handled", () => Promise.resolve([...confirmed, 110].every((n) => handled.has(n))), 30_000);
    const consumed = performance.now() - killed;
    await until("every connection went over", () => Promise.resolve(tide.address === `127.0.0.1:${set.replica.port}`), 30_000);
    assert.equal((await tide.capabilities()).role, "primary");
    t.diagnostic(`published again after ${Math.round(published)} ms, consumed after ${Math.round(consumed)} ms`);
    t.diagnostic(`handled ${seen.seen.length} times ${handled.size} messages`);
  });

  test("servers and sentinels with passwords of their own", async () => {
    await using set = await SentinelSet.start({ password: "server:s@crt", sentinelPassword: "watch/man" });
    const url = `${set.url.replace("://", "://:server%3As%40crt@")}/0?sentinelPassword=watch%2Fman`;
    await using tide = await connect({ url });
    await tide.publish("t", { type: "x" });
    assert.equal(tide.address, `127.0.0.1:${set.primary.port}`);
    await assert.rejects(connect({ url: url.replace("?sentinelPassword=watch%2Fman", "") }), (error: Error & { hint?: string }) => {
      assert.equal((error as { code?: string }).code, "AUTH_FAILED");
      assert.match(error.hint ?? "", /sentinelPassword/);
      return true;
    });
    await assert.rejects(connect({ url: url.replace("server%3A", "wrong") }), { code: "AUTH_FAILED" });
  });

  // The sentinels wait eight seconds before they demote a primary that is still alive; what is written to it meanwhile is lost.
  test("a primary that was replaced but lives is left at once, and a sentinel that is gone is passed over", async (t) => {
    await using set = await SentinelSet.start();
    const notices: Notice[] = [];
    const dead = set.url.replace("://", "://127.0.0.1:1,");
    await using tide = await connect({ url: dead, namespace: "roles", publishTimeout: 30_000, onNotice: (one) => notices.push(one) });
    const seen = probe<unknown>();
    await tide.consume("t", { lease: 2_000 }, ({ data }) => seen.add(data));
    await tide.publish("t", { type: "x", data: 1 });
    await seen.reaches(1);
    await onReplica(set, 1);
    const began = performance.now();
    await set.ask("FAILOVER", "main");
    await until("the connection went over", () => Promise.resolve(tide.address === `127.0.0.1:${set.replica.port}`), 30_000);
    await tide.publish("t", { type: "x", data: 2 });
    await until("the second message was handled", () => Promise.resolve(seen.seen.includes(2)), 30_000);
    assert.ok(performance.now() - began < 7_500, "before the old one was demoted");
    t.diagnostic(`${Math.round(performance.now() - began)} ms from the order to the first message handled on the new primary`);
    assert.equal((await tide.capabilities()).role, "primary");
  });

  test("TLS with the sentinels and the servers", async () => {
    await using certificates = await Certificates.make();
    await using set = await SentinelSet.start({ tls: certificates.server });
    const [ca = "", cert = "", key = ""] = await Promise.all(["ca.crt", "client.crt", "client.key"].map((name) => certificates.pem(name)));
    await using tide = await connect({ url: set.url, tls: { ca, cert, key } });
    const seen = probe<unknown>();
    await tide.consume("t", { from: "beginning" }, ({ data }) => seen.add(data));
    await tide.publish("t", { type: "x", data: 1 }, { durability: { replicas: 1, timeout: 5_000 } });
    assert.deepEqual(await seen.reaches(1), [1]);
    await assert.rejects(connect({ url: set.url, tls: { ca } }), { code: "TLS_FAILED" });
  });

  test("an unknown primary and sentinels that are away are told apart", async () => {
    await using set = await SentinelSet.start();
    await assert.rejects(connect({ url: set.url.replace("/main", "/other") }), {
      code: "INVALID_CONFIG",
      message: /watches no primary called "other"/,
    });
    await assert.rejects(connect({ url: "redis+sentinel://127.0.0.1:1,127.0.0.1:2/main", connectTimeout: 500 }), {
      code: "REDIS_UNREACHABLE",
      message: /No sentinel .* names a primary/,
    });
  });
});

/** So many entries have arrived over there: what the test counts on is not left to luck. */
async function onReplica(set: SentinelSet, count: number): Promise<void> {
  const replica = createClient({ url: set.replica.url });
  await replica.connect();
  try {
    await until(`${count} entries on the replica`, async () => (await replica.xLen("roles:t:events")) >= count);
  } finally {
    replica.destroy();
  }
}
