import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startRedis } from "@tidegate/streams/testing";
import { compose } from "./compose.ts";
import { parseConfig } from "./config.ts";
import { Journal } from "./orchestrator/journal.ts";

for (const embedded of [false, true])
  test(`${embedded ? "our own Redis" : "somebody else's Redis"} is healthy as soon as everything has started`, async () => {
    await using redis = await startRedis();
    const folder = await mkdtemp(join(tmpdir(), "tidegate-compose-"));
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    const config = parseConfig({ data: folder, port: "0", namespace: "composed" }, {}, folder);
    const control = await compose(config, { url: redis.url, password: null, embedded }, new Journal("error", () => {}));
    control.redis.process = { pid: embedded ? redis.pid : null, restarts: 0, detail: null };
    try {
      await control.orchestrator.start();
      const { status, components } = control.orchestrator.status();
      assert.equal(status, "healthy", JSON.stringify(components));
      assert.equal(components.find(({ name }) => name === "redis")?.state, "healthy");
    } finally {
      await control.orchestrator.stop(5_000);
    }
  });
