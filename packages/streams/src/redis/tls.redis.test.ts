/** TLS with client certificates and a restricted user, on a real server; and what each way of getting it wrong says. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { parseConfig } from "../config.ts";
import { connect, type ConnectOptions, type Settlement, type TidegateError } from "../index.ts";
import { Certificates } from "../testing/certificates.ts";
import { probe } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/redis-server.ts";

describe("tls", () => {
  let certificates: Certificates;
  let secure: RedisServer;
  let plain: RedisServer;
  let tls: { ca: string; cert: string; key: string };
  before(async () => {
    certificates = await Certificates.make();
    const [ca, cert, key] = await Promise.all(["ca.crt", "client.crt", "client.key"].map((name) => certificates.pem(name)));
    tls = { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
    secure = await startRedis({ tls: certificates.server });
    plain = await startRedis();
  });
  after(async () => {
    await secure?.stop();
    await plain?.stop();
    await certificates?.[Symbol.asyncDispose]();
  });

  test("a restricted user with a client certificate publishes, consumes, retries, replays, seeks and inspects", async () => {
    const admin = createClient({ url: secure.url, socket: { tls: true, ...tls } as never });
    admin.on("error", () => {});
    await admin.connect();
    try {
      await admin.sendCommand(await accessList());
      const url = secure.url.replace("//", "//orders:secret@");
      await using tide = await connect({ url, tls, namespace: "tidegate" });
      const settled = probe<Settlement>();
      let mended = false;
      const options = { retry: { maxRetries: 1, baseDelay: 1 }, onSettled: settled.add };
      const consumer = await tide.consume("tls", options, ({ type }) => {
        if (type === "bad" && !mended) throw new Error("no");
      });
      await tide.publishMany("tls", [{ type: "good", priority: "high" }, { type: "bad" }]);
      await settled.reaches(3);
      const outcomes = settled.seen.map(({ outcome }) => outcome);
      assert.deepEqual(outcomes.toSorted(), ["acked", "dead_lettered", "retried"]);
      mended = true;
      assert.deepEqual(await tide.deadLetters.replay({ topic: "tls" }), { replayed: 1, skipped: 0 });
      await settled.reaches(4);
      assert.equal(settled.seen.at(-1)?.outcome, "acked");
      await tide.groups.seek("tls", "tls_processors", "beginning");
      await settled.reaches(6);
      for await (const message of tide.messages("tls", { group: "second", from: "beginning" })) {
        assert.equal(await message.ack(), true);
        break;
      }
      assert.equal((await tide.streamInfo("tls")).length, 2);
      assert.equal((await tide.groups.list("tls")).length, 2);
      assert.equal((await tide.capabilities()).role, "primary");
      await consumer.stop();
      assert.deepEqual(await admin.sendCommand<unknown[]>(["ACL", "LOG"]), [], "nothing was refused on the way");
    } finally {
      admin.destroy();
    }
  });

  test("the files of the environment are used", async () => {
    const env = {
      REDIS_STREAMS_URL: secure.url,
      REDIS_TLS_CA: certificates.path("ca.crt"),
      REDIS_TLS_CERT: certificates.path("client.crt"),
      REDIS_TLS_KEY: certificates.path("client.key"),
    };
    assert.deepEqual(parseConfig({}, env).endpoint.tls, tls);
  });

  const refused: [name: string, options: () => ConnectOptions, code: string, hint: RegExp][] = [
    ["no authority", () => ({ url: secure.url, tls: { cert: tls.cert, key: tls.key } }), "TLS_FAILED", /REDIS_TLS_CA/],
    ["no client certificate", () => ({ url: secure.url, tls: { ca: tls.ca } }), "TLS_FAILED", /REDIS_TLS_CERT/],
    ["another name", () => ({ url: secure.url, tls: { ...tls, servername: "redis.example" } }), "TLS_FAILED", /servername/],
    ["plain text on a TLS port", () => ({ url: secure.url.replace("rediss", "redis") }), "TLS_FAILED", /rediss:/],
    ["TLS on a plain port", () => ({ url: plain.url.replace("redis:", "rediss:"), tls }), "TLS_FAILED", /redis:/],
    ["TLS where nobody listens", () => ({ url: "rediss://127.0.0.1:1", tls, connectTimeout: 300 }), "REDIS_UNREACHABLE", /runs/],
  ];
  for (const [name, options, code, hint] of refused) {
    test(`${name} is said clearly and does not hang`, async () => {
      const began = performance.now();
      await assert.rejects(connect(options()), (error: TidegateError) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.hint ?? "", hint);
        return true;
      });
      assert.ok(performance.now() - began < 8_000);
    });
  }

  test("a certificate of another authority is refused on either side", async () => {
    const [ca, cert, key] = await Promise.all(
      ["stranger.crt", "stranger-client.crt", "stranger-client.key"].map((name) => certificates.pem(name)),
    );
    const error = { code: "TLS_FAILED" };
    await assert.rejects(connect({ url: secure.url, tls: { ...tls, ca: ca ?? "" } }), error);
    await assert.rejects(connect({ url: secure.url, tls: { ca: tls.ca, cert: cert ?? "", key: key ?? "" } }), error);
  });

  test("a server that accepts and says nothing is not waited for", async () => {
    const mute = createServer(() => {}).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as { port: number };
    try {
      await assert.rejects(connect({ url: `rediss://127.0.0.1:${port}`, tls }), { code: "TLS_FAILED" });
    } finally {
      mute.close();
    }
  });
});

async function accessList(): Promise<string[]> {
  const page = await readFile(new URL("../../../../docs/reference/redis.md", import.meta.url), "utf8");
  return (/```\s+(ACL SETUSER orders[^`]+)```/.exec(page)?.[1] ?? "").trim().split(/\s+/);
}
