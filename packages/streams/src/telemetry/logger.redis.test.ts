import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { connect, readRecord, type TelemetryRecord, type Tide } from "../index.ts";
import { entries } from "../redis/shapes.ts";
import { until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";

const open = (redis: RedisServer): Promise<Tide> => connect({ url: redis.url, service: "shop" });

async function read(tide: Tide, stream: string): Promise<TelemetryRecord[]> {
  const found = entries(await tide.store("look").ask(["XRANGE", stream, "-", "+"]));
  return found.map(({ id, fields }) => readRecord(id, fields));
}

test("what is logged stands in the stream of its kind and in that of all, as readRecord reads it", async () => {
  await using redis = await startRedis();
  await using tide = await open(redis);
  const logger = tide.logger("orders", { region: "eu" });
  const before = Date.now();
  await tide.trace("ship", async (span) => {
    logger.info("shipped", { order: 7 });
    logger.error("late", new RangeError("by a day"));
    logger.response({
      method: "GET",
      path: "/orders/7",
      route: "/orders/{id}",
      host: "shop.test",
      ip: "10.0.0.1",
      status: 200,
      duration: 12.5,
      bytesOut: 9,
    });
    logger.audit({ actor: "ann", action: "shipped", resource: "orders/7", result: "done" });
    await tide.flush();
    const all = await read(tide, "logs:all:stream");
    assert.deepEqual(
      all.map((one) => [one.logType, one.level, one.message, one.component, one.service, one.traceId, one.spanId]),
      [
        ["log", "info", "shipped", "orders", "shop", span.traceId, span.spanId],
        ["log", "error", "late", "orders", "shop", span.traceId, span.spanId],
        ["http_response", "info", "GET /orders/7 200 in 13 ms", "orders", "shop", span.traceId, span.spanId],
        ["audit", "info", "ann shipped orders/7", "orders", "shop", span.traceId, span.spanId],
      ],
    );
    const found = await Promise.all(["system", "error", "request", "audit"].map((part) => read(tide, `logs:${part}:stream`)));
    assert.deepEqual(
      found.map((part) => part.map((one) => one.fields)),
      all.map((one) => [one.fields]),
    );
    assert.deepEqual(all[0]?.fields, { region: "eu", order: 7 });
    assert.equal((all[1]?.fields["error"] as { name: string } | undefined)?.name, "RangeError");
    const http = {
      method: "GET",
      path: "/orders/7",
      host: "shop.test",
      ip: "10.0.0.1",
      route: "/orders/{id}",
      status: 200,
      duration_ms: 12.5,
      bytes_out: 9,
    };
    assert.deepEqual(all[2]?.fields, { region: "eu", ...http });
    for (const { at } of all) assert.ok(at >= before && at <= Date.now());
  });
});

test("no secret that was logged is anywhere in Redis", async () => {
  await using redis = await startRedis();
  await using tide = await open(redis);
  const secret = "s3cr3t-Value-99";
  const logger = tide.logger("orders").child({ client_secret: secret });
  logger.info(`calling https://u:${secret}@h.test/?token=${secret}`, {
    headers: { authorization: `Bearer ${secret}`, cookie: [`sid=${secret}`] },
  });
  logger.error("failed", new Error(`password=${secret}`, { cause: new Error(`Authorization: Basic ${secret}`) }));
  logger.request({
    method: "GET",
    path: `/cb?code=1&access_token=${secret}`,
    referer: `https://h.test/?api_key=${secret}`,
    fields: { session: secret },
  });
  logger.response({
    method: "GET",
    path: "/cb",
    query: `password=${secret}`,
    status: 500,
    duration: 1,
    error: new Error(`bearer ${secret}`),
  });
  logger.audit({
    actor: "ann",
    action: "signed_in",
    resource: `tokens/tg_${secret}-0123456789`,
    result: "done",
    fields: { password: secret },
  });
  await tide.flush();
  const look = tide.store("look");
  const stored = JSON.stringify(
    await Promise.all(["all", "system", "error", "request", "audit"].map((part) => look.ask(["XRANGE", `logs:${part}:stream`, "-", "+"]))),
  );
  assert.match(stored, /\[redacted\]/);
  assert.equal((await read(tide, "logs:all:stream")).length, 5);
  assert.ok(!stored.includes(secret), stored);
});

test("a level set on one connection is in force on another", async () => {
  await using redis = await startRedis();
  await using first = await open(redis);
  await using second = await open(redis);
  const logger = second.logger("orders");
  assert.equal(logger.enabled("debug"), false);
  await first.logs.set({ levels: { orders: "debug" } });
  await until("it is in force", () => Promise.resolve(logger.enabled("debug")));
  logger.debug("now");
  await second.flush();
  assert.deepEqual(
    (await read(second, "logs:system:stream")).map((one) => one.message),
    ["now"],
  );
  assert.deepEqual(await second.logs.settings(), { level: null, levels: { orders: "debug" }, samples: {}, limits: {} });
});

test("with telemetry off nothing is stored", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, telemetry: false });
  tide.logger("orders").critical("x");
  tide.logger("orders").audit({ actor: "a", action: "b", resource: "c", result: "done" });
  await tide.flush();
  assert.deepEqual(await tide.store("look").ask(["KEYS", "logs:*"]), []);
});

test("what a limit has left out is said before the connection closes", async () => {
  await using redis = await startRedis();
  const tide = await open(redis);
  await tide.logs.set({ limits: { orders: 1 } });
  for (let i = 0; i < 5; i++) tide.logger("orders").info("x");
  await tide.close();
  await using after = await open(redis);
  assert.deepEqual(
    (await read(after, "logs:system:stream")).map((one) => one.message),
    ["x", "4 entries were left out by the rate limit"],
  );
});

test("a program prints JSON lines where no terminal is, and lives on when their reader leaves", async () => {
  await using redis = await startRedis();
  const code = `
    import { connect } from "@tidegate/streams";
    const tide = await connect({ url: process.env.URL, service: "shop", telemetry: { print: "auto" } });
    const logger = tide.logger("orders");
    logger.info("first", { password: "hunter2" });
    process.stdin.once("data", async () => {
      for (let at = 0; at < 100; at++) { logger.info("nobody reads this"); await new Promise(setImmediate); }
      await tide.close();
      process.exit(7);
    });`;
  const args = ["--conditions=@tidegate/source", "--input-type=module", "-e", code];
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, env: { ...process.env, URL: redis.url }, timeout: 30_000 });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { message, component, password } = JSON.parse(String(line)) as Record<string, unknown>;
    assert.deepEqual([message, component, password], ["first", "orders", "[redacted]"]);
    child.stdout.destroy();
    child.stdin.write("go");
    const [exit] = (await once(child, "exit")) as [number];
    assert.equal(exit, 7);
  } finally {
    child.kill("SIGKILL");
  }
});
