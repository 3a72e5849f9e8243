/** The thread of services really ended under its control process, on a real Redis and without Docker: said, answered, and started again. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { until } from "../../../streams/src/testing/events.ts";
import { layFoundation } from "../foundation.ts";
import { ThreadedServices } from "./services.ts";

test("a thread that ends is unhealthy with its reason, refuses what was under way, and is started again", { timeout: 30_000 }, async () => {
  await using bed = new AsyncDisposableStack();
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), "tidegate-thread-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  const connection = { url: redis.url, namespace: "test", service: "tidegate" };
  const tide = bed.use(await connect({ ...connection, retention: false }));
  const settings = {
    namespace: "test",
    prefix: "",
    instance: "one",
    encryptionKey: "ab".repeat(32),
    dataFolder: folder,
    dockerHost: "tcp://127.0.0.1:1",
    contexts: folder,
    restrictedPorts: [],
  };
  const troubles: string[] = [];
  const deps = { tide: () => tide, leads: () => true, onTrouble: (_: string, message: string) => void troubles.push(message) };
  const services = new ThreadedServices({ ...layFoundation({ settings, ...deps }), ...deps, order: { settings, connection } });
  const threads: Worker[] = [];
  const noted = (worker: Worker): void => void threads.push(worker);
  process.on("worker", noted);
  bed.defer(() => void process.off("worker", noted));
  await services.part.start(AbortSignal.timeout(10_000));
  bed.defer(() => services.part.stop(AbortSignal.timeout(10_000)));
  assert.equal(services.part.health().healthy, true);
  await assert.rejects(services.start("nobody", "ann"), { code: "UNKNOWN_SERVICE" });

  // It waits for Redis, so that it is under way for certain.
  await redis.kill("SIGSTOP");
  try {
    const pending = services.start("nobody", "ann");
    const refused = assert.rejects(pending, { code: "SERVICE_BUSY", message: /ended while this was under way: exit code 1/ });
    await new Promise(setImmediate);
    await threads[0]?.terminate();
    await refused;
    const { healthy, detail } = services.part.health();
    assert.equal(healthy, false);
    assert.match(detail ?? "", /their thread ended \(exit code 1\) and starts again in 0\.2 s/);
    assert.match(services.engine().problem ?? "", /the thread of services ended/);
  } finally {
    await redis.kill("SIGCONT");
  }
  await until("it works again", async () => services.part.health().healthy);
  assert.deepEqual([threads.length, troubles.length], [2, 1]);
  await assert.rejects(services.start("nobody", "ann"), { code: "UNKNOWN_SERVICE" });
});
