/**
 * `npm run test:long -- redis-down [--seconds 30]`: a program logs 2,000 entries a second while Redis is killed and stays away. It must go on, stay
 * within its buffer, count what it drops exactly, and tell of it. The short form is in packages/streams/src/telemetry/sink.redis.test.ts.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect, readRecord, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";

const RATE = 2_000;
const BUFFER = 10_000;
const STREAM = "logs:system:stream";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "30" }, seed: { type: "string" } } });
const seconds = Number(values.seconds);
await using redis = await startRedis({ args: ["--appendfsync", "always"] });
await using tide = await connect({ url: redis.url, service: "long", telemetry: { buffer: BUFFER, retention: { "*": 1_000_000 } } });
let [sent, slowest, most] = [0, 0, 0];
await log(2);
await redis.kill("SIGKILL");
await log(seconds);
await redis.start();
await log(2);
await tide.flush();
await tide.flush();
const { dropped } = tide.telemetry();
const [stored, told] = await count(tide);
const lost = dropped[STREAM] ?? 0;
assert.equal(stored + lost, sent, "sent = stored + dropped");
assert.equal(told, lost, "what was told is what was dropped");
assert.ok(most <= BUFFER, `${most} entries waited`);
assert.ok(lost > 0, "Redis was away for long enough to fill the buffer");
process.stdout.write(
  `Redis away for ${seconds} s: ${sent} entries logged, ${stored} stored, ${lost} dropped and told; at most ${most} of ${BUFFER} waited; ` +
    `slowest call ${slowest.toFixed(1)} ms\n`,
);

// Private

async function log(duration: number): Promise<void> {
  const logger = tide.logger("long");
  const began = performance.now();
  for (let due = 0; performance.now() - began < duration * 1_000;) {
    for (; due < ((performance.now() - began) / 1_000) * RATE; due++, sent++) {
      const start = performance.now();
      logger.info("still here", { n: sent });
      slowest = Math.max(slowest, performance.now() - start);
    }
    most = Math.max(most, tide.telemetry().buffered);
    await pause(5);
  }
}

/** Entries of ours, each once, and the drops that the `telemetry` component told of. */
async function count(from: Tide): Promise<[stored: number, told: number]> {
  const store = from.store("count");
  const [seen, start] = [new Set<number>(), { id: "0" }];
  let told = 0;
  for (;;) {
    const page = (await store.ask(["XRANGE", STREAM, `(${start.id}`, "+", "COUNT", "5000"])) as [string, string[]][];
    if (page.length === 0) return [seen.size, told];
    for (const [id, flat] of page) {
      const record = readRecord(id, Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : []))));
      if (record.component === "telemetry") told += (record.fields["dropped"] as Record<string, number>)[STREAM] ?? 0;
      else
        assert.ok(
          !seen.has(record.fields["n"] as number) && seen.add(record.fields["n"] as number),
          `entry ${String(record.fields["n"])} twice`,
        );
    }
    start.id = page.at(-1)?.[0] ?? start.id;
  }
}
