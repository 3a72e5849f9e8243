/** What a worker says of itself: its life as events, failures of its handlers as log entries of their messages' traces. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect, RetryAfter, Unrecoverable, type Handler, type Store, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { recordsOf } from "../rest/testing/telemetry-records.ts";
import { CrashReport } from "./crash-report.ts";
import type { HandlersFile } from "./handlers.ts";
import { Worker, type WorkerOptions } from "./worker.ts";

const bed = new AsyncDisposableStack();
let redis: RedisServer;
let tide: Tide;
let store: Store;

before(async () => {
  redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "worked", service: "test" }));
  store = tide.store("test");
  await store.whenUp(5_000);
});

after(() => bed.disposeAsync());

test("started after it is ready, stopped after it has drained; failures are logged within the message's trace", async () => {
  const settled = Promise.withResolvers<void>();
  let calls = 0;
  const worker = new Worker(
    optionsOf({
      orders: (message) => {
        calls += 1;
        if (message.type === "bad") throw new Unrecoverable("no such order");
        if (calls === 1) throw new RetryAfter(1, "try again");
        if (message.type === "last") settled.resolve();
      },
    }),
  );
  await worker.start();
  const traced = await tide.trace("test", async (span) => {
    await tide.publish("orders", { type: "good", data: {} });
    await tide.publish("orders", { type: "bad", data: {} });
    return span.traceId;
  });
  while ((await tide.deadLetters.count()) === 0) await pause(5);
  await tide.publish("orders", { type: "last", data: {} });
  await settled.promise;
  await worker.stop();

  assert.deepEqual(await lives("worker:shop"), ["service_created", "service_started", "service_stopped"]);
  const errors = await recordsOf(store, "logs:error:stream");
  const dead = errors.find(({ message }) => message === "bad became a dead letter");
  assert.equal(dead?.component, "worker");
  assert.equal(dead.traceId, traced);
  assert.match(JSON.stringify(dead.fields["error"]), /no such order/);
  const warnings = await recordsOf(store, "logs:system:stream");
  const again = warnings.find(({ message }) => message === "good failed and will be tried again");
  assert.deepEqual([again?.level, again?.traceId, again?.fields["group"]], ["warn", traced, "orders_processors"]);

  const second = new Worker(optionsOf({ orders: () => {} }));
  await second.start();
  await second.abandon(new Error("out of memory"));
  assert.deepEqual((await lives("worker:shop")).slice(3), ["service_started", "service_failed out of memory"]);
});

test("the parent of several tells of a death, and again when Redis was away at the first", async () => {
  const nowhere = new CrashReport({ url: "redis://127.0.0.1:1", namespace: "worked", connectTimeout: 50 }, "", "worker:many");
  nowhere.died("worker 1 ended by signal SIGKILL");
  await nowhere.close();
  const report = new CrashReport({ url: redis.url, namespace: "worked" }, "", "worker:many");
  report.died("worker 1 ended by signal SIGKILL");
  report.died("worker 2 ended by exit code 1");
  await report.close();
  assert.deepEqual(await lives("worker:many"), [
    "service_failed worker 1 ended by signal SIGKILL",
    "service_failed worker 2 ended by exit code 1",
  ]);
});

// Helpers

function optionsOf(topics: Record<string, Handler>): WorkerOptions {
  const file: HandlersFile = { path: "/somewhere/shop.ts", topics: new Map(Object.entries(topics)), options: {} };
  const defaults = { concurrency: 1, maxRetries: 3 };
  return { file, url: redis.url, namespace: "worked", defaults, telemetryPrefix: "", json: false, report: () => {} };
}

async function lives(service: string): Promise<string[]> {
  const events = await recordsOf(store, "events:service:stream");
  return events
    .filter(({ fields }) => fields["service"] === service)
    .map(({ eventType, fields: { error } }) => (typeof error === "string" ? `${eventType} ${error}` : String(eventType)));
}
