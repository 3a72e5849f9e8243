/** Python services on the same Redis: the programs of docs/guides/python.md, run with plain redis-py. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, type Message, type Settlement, type Tide } from "../../packages/streams/src/index.ts";
import { Certificates } from "../../packages/streams/src/testing/certificates.ts";
import { probe, until } from "../../packages/streams/src/testing/events.ts";
import { startRedis, type RedisServer } from "../../packages/streams/src/testing/redis-server.ts";
import { PythonProgram } from "./program.ts";

describe("python", () => {
  let redis: RedisServer;
  before(async () => void (redis = await startRedis()));
  after(() => redis?.stop());
  const at = (namespace: string): Promise<Tide> => connect({ url: redis.url, namespace });
  const env = (namespace: string, more: Record<string, string> = {}): Record<string, string> => ({
    REDIS_STREAMS_URL: redis.url,
    TIDEGATE_NAMESPACE: namespace,
    ...more,
  });

  test("what producer.py publishes arrives as right messages", async () => {
    await using tide = await at("produce");
    await (await PythonProgram.ofPage("producer.py", env("produce"))).end();
    const messages = await consumed(tide, "orders", 3);
    const of = (id: number): Message | undefined => messages.find(({ data }) => (data as { id: number }).id === id);
    assert.deepEqual(of(1)?.data, { id: 1, city: "Zürich" });
    assert.deepEqual([of(1)?.type, of(1)?.service, of(1)?.priority, of(1)?.userId], ["order_placed", "python", "normal", null]);
    assert.match(of(1)?.messageId ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(of(1)?.correlationId, of(1)?.messageId);
    assert.deepEqual([of(2)?.userId, of(2)?.correlationId, of(2)?.maxRetries], ["ann", "c-2", 0]);
    assert.deepEqual([of(3)?.type, of(3)?.priority], ["order_cancelled", "critical"]);
  });

  test("the earlier client's markers are passed over and its full form is read", async () => {
    await using tide = await at("seed");
    await PythonProgram.ofFile("seed_client.py", env("seed")).end();
    const [first, second] = await consumed(tide, "identity", 2);
    assert.deepEqual(
      [first?.type, first?.data, first?.priority, first?.userId, first?.maxRetries, first?.timestamp],
      ["user_created", { name: "Zoë" }, "critical", "u1", 3, 1_700_000_000_250],
    );
    assert.equal(first?.messageId, `${first?.stream}/${first?.entryId}`);
    assert.match(first?.correlationId ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual([second?.type, second?.priority, second?.userId], ["user_updated", "normal", null]);
    assert.equal((await tide.pending("identity", "identity_processors")).count, 0, "the marker was acknowledged");
    assert.equal((await tide.deadLetters.list()).items.length, 0, "their marker is no dead letter");
  });

  test("consumer.py reads and acknowledges what we publish", async () => {
    await using tide = await at("consume");
    await using python = await PythonProgram.ofPage("consumer.py", env("consume"));
    const receipt = await tide.publish("orders", { type: "order_placed", data: { city: "Genève" }, userId: "u" });
    const [fields] = await python.prints(1);
    assert.equal(fields?.["message_id"], receipt.messageId);
    assert.deepEqual([fields?.["event_type"], fields?.["service"], fields?.["user_id"]], ["order_placed", "unknown", "u"]);
    assert.deepEqual(JSON.parse(String(fields?.["data"])), { city: "Genève" });
    await until("it is acknowledged", async () => (await tide.pending("orders", "python_orders")).count === 0);
  });

  test("with lanes: false and wire: full consumer.py sees every message with every field", async () => {
    await using tide = await at("full");
    await tide.configure("orders", { lanes: false, wire: "full" });
    await using python = await PythonProgram.ofPage("consumer.py", env("full"));
    for (const priority of ["low", "normal", "high", "critical"] as const)
      await tide.publish("orders", { type: "order_placed", data: priority, priority });
    const seen = await python.prints(4);
    assert.deepEqual(
      seen.map((fields) => fields["priority"]),
      ["low", "normal", "high", "critical"],
    );
    const names = "id stream event_type service data priority timestamp retry_count max_retries correlation_id user_id message_id";
    for (const fields of seen) {
      assert.deepEqual(Object.keys(fields).toSorted(), names.split(" ").toSorted());
      assert.deepEqual([fields["id"], fields["stream"], fields["user_id"], fields["retry_count"]], ["", "orders", "", "0"]);
      assert.equal(fields["correlation_id"], fields["message_id"]);
      assert.ok(Math.abs(Number(fields["timestamp"]) * 1000 - Date.now()) < 60_000);
    }
  });

  test("in one group Python gets a share, but never our retries", async () => {
    await using tide = await at("shared");
    const ours = probe<unknown>();
    const settled = probe<Settlement>();
    let failed = false;
    const retry = { maxRetries: 1, baseDelay: 1_500, jitter: "none" } as const;
    const handler = ({ data }: Message): void => {
      ours.add(data);
      if (data === "fails once" && !failed) {
        failed = true;
        throw new Error("once");
      }
    };
    const consumer = await tide.consume("orders", { group: "shared", retry, onSettled: settled.add }, handler);
    await tide.publish("orders", { type: "t", data: "fails once" });
    await settled.reaches(1);
    await using python = await PythonProgram.ofPage("consumer.py", env("shared", { GROUP: "shared" }));
    await settled.reaches(2);
    assert.deepEqual(
      settled.seen.map(({ outcome }) => outcome),
      ["retried", "acked"],
    );
    const sent = Array.from({ length: 200 }, (_, n) => n);
    await tide.publishMany(
      "orders",
      sent.map((data) => ({ type: "t", data })),
    );
    const theirs = (): unknown[] => python.lines.seen.map((fields) => JSON.parse(String(fields["data"])));
    await until("all are handled", () => Promise.resolve(ours.seen.length - 2 + theirs().length === sent.length));
    const handled = [...ours.seen.slice(2), ...theirs()].map(String).toSorted();
    assert.deepEqual(handled, sent.map(String).toSorted(), "each by one of the two");
    await consumer.stop();
    await tide.publish("orders", { type: "t", data: "last" });
    await until("Python goes on alone", () => Promise.resolve(theirs().includes("last")));
    assert.ok(!theirs().includes("fails once"));
  });

  test("what a dead Python consumer held is ours after the lease, and counts as a crash", async () => {
    await using tide = await at("dies");
    await tide.groups.create("orders", "shared", "beginning");
    await tide.publish("orders", { type: "t", data: 1 });
    await using python = PythonProgram.ofFile("holds.py", env("dies", { GROUP: "shared", STREAM: "dies:orders:events" }));
    await python.prints(1);
    await python.kill();
    const crashes = probe<number>();
    await tide.consume("orders", { group: "shared", lease: 1_000 }, (_, context) => crashes.add(context.crashes));
    assert.deepEqual(await crashes.reaches(1), [1]);
  });

  test("a late XACK by Python takes the message from us", async () => {
    await using tide = await at("late");
    await tide.groups.create("orders", "shared", "beginning");
    await tide.publish("orders", { type: "t", data: 1 });
    await using python = PythonProgram.ofFile("holds.py", env("late", { GROUP: "shared", STREAM: "late:orders:events" }));
    await python.prints(1);
    const started = probe<unknown>();
    const settled = probe<Settlement>();
    const gate = Promise.withResolvers<void>();
    await tide.consume("orders", { group: "shared", lease: 1_000, onSettled: settled.add }, async ({ data }) => {
      started.add(data);
      await gate.promise;
    });
    await started.reaches(1);
    python.say("now");
    assert.deepEqual((await python.prints(2))[1], { acknowledged: 1 });
    gate.resolve();
    assert.deepEqual(
      (await settled.reaches(1)).map(({ outcome }) => outcome),
      ["lost"],
    );
  });

  test("producer.py over TLS with a client certificate", async () => {
    await using certificates = await Certificates.make();
    await using secure = await startRedis({ tls: certificates.server });
    const [ca, cert, key] = ["ca.crt", "client.crt", "client.key"].map((name) => certificates.path(name));
    const url = `${secure.url}/0?ssl_ca_certs=${ca}&ssl_certfile=${cert}&ssl_keyfile=${key}`;
    await (await PythonProgram.ofPage("producer.py", { REDIS_STREAMS_URL: url, TIDEGATE_NAMESPACE: "tls" })).end();
    const pem = await Promise.all(["ca.crt", "client.crt", "client.key"].map((name) => certificates.pem(name)));
    await using tide = await connect({
      url: secure.url,
      namespace: "tls",
      tls: { ca: pem[0] ?? "", cert: pem[1] ?? "", key: pem[2] ?? "" },
    });
    assert.equal((await consumed(tide, "orders", 3)).length, 3);
  });
});

async function consumed(tide: Tide, topic: string, count: number): Promise<readonly Message[]> {
  const seen = probe<Message>();
  await using consumer = await tide.consume(topic, { concurrency: 1, from: "beginning" }, seen.add);
  const messages = await seen.reaches(count);
  await consumer.stop();
  return messages;
}
