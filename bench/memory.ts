/**
 * Memory: what 10,000 messages of 256 bytes take in Redis, and whether a process that publishes and consumes at a steady load grows.
 * Growth is the median of the last fifth of the samples minus that of the first fifth, each taken after a collection of garbage.
 */
import { createClient } from "@redis/client";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Part, type MemorySample } from "./child.ts";
import { describeMachine, median, type Report, type Row } from "./report.ts";
import { progress } from "./server.ts";

const MESSAGES = 10_000;
const BYTES = 256;
/** Messages a second while Node's memory is watched. */
const RATE = 2_000;
const MB = 1_000_000;

export async function measureMemory(_rounds: number, minutes: number): Promise<Report> {
  const results = [await redisMemory(), ...(await nodeMemory(minutes))];
  const machine = { ...describeMachine(), messages: MESSAGES, bytesOfData: BYTES, ratePerSecond: RATE, minutes };
  return { name: "memory", machine, results, ratios: {} };
}

// Private

/** `used_memory` after minus before, fields and ids of the wire format included. https://redis.io/docs/latest/commands/info/ */
async function redisMemory(): Promise<Row> {
  await using redis = await startRedis();
  const tide = await connect({ url: redis.url, namespace: "memory", service: "bench" });
  const before = await usedMemory(redis.url);
  const data = "x".repeat(BYTES - 2);
  for (let sent = 0; sent < MESSAGES; sent += 1_000)
    await tide.publishMany(
      "bench",
      Array.from({ length: 1_000 }, () => ({ type: "user_updated", data })),
    );
  const grown = Number((((await usedMemory(redis.url)) - before) / MB).toFixed(2));
  await tide.close();
  progress(`Redis holds ${MESSAGES.toLocaleString("en")} messages of ${BYTES} bytes in ${grown} MB`);
  return {
    work: `Redis, ${MESSAGES.toLocaleString("en")} messages of ${BYTES} B`,
    peer: "tidegate",
    value: grown,
    unit: "MB",
    rounds: [grown],
  };
}

async function usedMemory(url: string): Promise<number> {
  const client = createClient({ url });
  await client.connect();
  const info = await client.info("memory");
  client.destroy();
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

async function nodeMemory(minutes: number): Promise<Row[]> {
  await using redis = await startRedis();
  const part = new Part(
    { work: "soak", peer: "tidegate", url: redis.url, count: Math.round(minutes * 60 * RATE), rate: RATE },
    minutes + 2,
  );
  try {
    const { samples = [] } = await part.answer();
    return (["rss", "heap"] as const).map((kind) => growth(samples, kind, minutes));
  } finally {
    part.end();
  }
}

function growth(samples: readonly MemorySample[], kind: "rss" | "heap", minutes: number): Row {
  const values = samples.map((sample) => Number((sample[kind] / MB).toFixed(1)));
  const fifth = Math.max(1, Math.floor(values.length / 5));
  const grown = Number((median(values.slice(-fifth)) - median(values.slice(0, fifth))).toFixed(1));
  progress(`Node's ${kind} grew by ${grown} MB in ${minutes} minutes at ${RATE} messages/s`);
  return { work: `Node ${kind} growth in ${minutes} min`, peer: "tidegate", value: grown, unit: "MB", rounds: values };
}
