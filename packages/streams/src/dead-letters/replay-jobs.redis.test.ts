import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { createClient } from "@redis/client";
import { parseConfig } from "../config.ts";
import { connect, type DeadLetter, type ReplayJob, type Tide } from "../index.ts";
import { Keys } from "../keys.ts";
import { RedisLink } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import { Scripts } from "../redis/scripts.ts";
import { entries } from "../redis/shapes.ts";
import { until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/redis-server.ts";
import { letterOf } from "./letter.ts";
import { ReplayJobs } from "./replay-jobs.ts";
import { Replay } from "./replay.ts";

interface Bed extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly raw: (...args: string[]) => Promise<unknown>;
  readonly open: () => Promise<Tide>;
}

async function bed(): Promise<Bed> {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const client = createClient({ url: redis.url });
  client.on("error", () => {});
  await client.connect();
  stack.defer(() => client.destroy());
  return {
    redis,
    raw: (...args) => client.sendCommand(args),
    open: async () => stack.use(await connect({ url: redis.url, namespace: "t", retention: false })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function bury(raw: Bed["raw"], from: number, to: number, group = "g", data = "{}"): Promise<void> {
  for (let n = from; n < to; n++) {
    const fields = { event_type: "old", data, message_id: `m${n}`, original_stream: "t:orders:events", original_id: `${n + 1}-0` };
    const more = { group, error_code: `E${n % 3}`, error_message: "x", attempts: "[]" };
    await raw("XADD", "t:dead_letter:events", "*", ...Object.entries({ ...fields, ...more }).flat());
  }
}

async function replayed(raw: Bed["raw"]): Promise<string[]> {
  const entries = (await raw("XRANGE", "t:orders:retry:g:events", "-", "+")) as [string, string[]][];
  return entries.map(([, fields]) => fields[fields.indexOf("message_id") + 1] ?? "");
}

async function ended(tide: Tide, id: string): Promise<ReplayJob> {
  await until(`job ${id} ends`, async () => (await tide.deadLetters.job(id))?.state !== "running", 30_000);
  const job = await tide.deadLetters.job(id);
  assert.ok(job);
  return job;
}

test("a job replays what was dead at its start, leaves what died later, and is kept with its counts", async () => {
  await using b = await bed();
  const tide = await b.open();
  await bury(b.raw, 0, 250);
  await bury(b.raw, 250, 260, "other");
  const started = await tide.deadLetters.startReplay({ group: "g" }, { rate: 500 });
  assert.deepEqual([started.state, started.total, started.rate], ["running", 250, 500]);
  await bury(b.raw, 260, 265);
  assert.ok((await tide.deadLetters.count({ group: "g" })) > 5, "they are in the index while the job runs");
  const job = await ended(tide, started.id);
  assert.deepEqual([job.state, job.replayed, job.skipped, job.error], ["done", 250, 0, null]);
  assert.ok((job.finishedAt ?? 0) >= job.startedAt);
  assert.deepEqual(
    await replayed(b.raw),
    Array.from({ length: 250 }, (_, n) => `m${n}`),
  );
  assert.equal(await tide.deadLetters.count({ group: "g" }), 5);
  assert.equal(await tide.deadLetters.count({ group: "other" }), 10);
  assert.deepEqual(
    (await tide.deadLetters.jobs()).map(({ id }) => id),
    [job.id],
  );
  const left = Number(await b.raw("TTL", `t:jobs:${job.id}`));
  assert.ok(left > 29 * 86_400 && left <= 30 * 86_400, `kept for ${left} s`);
  assert.equal(await b.raw("SCARD", "t:jobs:running"), 0);
});

test("a job keeps to its rate, can be cancelled, and what it had not reached stays", async () => {
  await using b = await bed();
  const tide = await b.open();
  await bury(b.raw, 0, 200);
  const { id } = await tide.deadLetters.startReplay({ errorCode: "E0" }, { rate: 20 });
  const began = performance.now();
  await until("some are replayed", async () => ((await tide.deadLetters.job(id))?.replayed ?? 0) >= 15);
  const seconds = (performance.now() - began) / 1_000;
  assert.ok(seconds >= 0.6, `15 letters at 20 a second took ${seconds} s`);
  const cancelled = await tide.deadLetters.cancelJob(id);
  assert.equal(cancelled.state, "cancelled");
  const moved = (await replayed(b.raw)).length;
  assert.equal(moved, cancelled.replayed);
  assert.equal(await tide.deadLetters.count(), 200 - moved);
  assert.equal((await tide.deadLetters.cancelJob(id)).state, "cancelled", "again is no error");
  await assert.rejects(tide.deadLetters.cancelJob("nope"), { code: "UNKNOWN_JOB" });
  await assert.rejects(tide.deadLetters.startReplay({}, { rate: -1 }), { code: "INVALID_CONFIG" });
});

test("letters somebody else takes away meanwhile are counted as skipped", async () => {
  await using b = await bed();
  const tide = await b.open();
  await bury(b.raw, 0, 30);
  const { id } = await tide.deadLetters.startReplay({ topic: "orders" }, { rate: 10 });
  const { discarded } = await tide.deadLetters.discard({ errorCode: "E1" });
  const job = await ended(tide, id);
  assert.deepEqual([job.state, job.replayed, job.skipped], ["done", 30 - discarded, discarded]);
});

test("a job by text finds its few letters among many", async () => {
  await using b = await bed();
  const tide = await b.open();
  await bury(b.raw, 0, 450);
  await bury(b.raw, 1_000, 1_001, "g", '{"a":"needle"}');
  await bury(b.raw, 450, 460);
  const { id, total } = await tide.deadLetters.startReplay({ text: "Needle" }, { rate: 5 });
  assert.equal(total, 1);
  const job = await ended(tide, id);
  assert.deepEqual([job.state, job.replayed, job.skipped], ["done", 1, 0]);
  assert.deepEqual(await replayed(b.raw), ["m1000"]);
});

test("a job with nothing to do is done at once", async () => {
  await using b = await bed();
  const tide = await b.open();
  const job = await tide.deadLetters.startReplay({ topic: "nothing" });
  assert.deepEqual([job.state, job.total], ["done", 0]);
});

test("when its process is killed another goes on: each letter is replayed exactly once", async () => {
  await using b = await bed();
  const letters = 400;
  await bury(b.raw, 0, letters);
  const program = `
    import { connect } from ${JSON.stringify(new URL("../index.ts", import.meta.url).href)};
    const tide = await connect({ url: ${JSON.stringify(b.redis.url)}, namespace: "t", retention: false });
    const job = await tide.deadLetters.startReplay({ group: "g" }, { rate: 150 });
    console.log(job.id);`;
  const child = spawn(process.execPath, ["--conditions=@tidegate/source", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const id = line.toString().trim();
    const count = async (): Promise<number> => Number(await b.raw("XLEN", "t:orders:retry:g:events"));
    await until("some are replayed", async () => (await count()) >= 60);
    child.kill("SIGKILL");
    await once(child, "exit");
    const before = await count();
    assert.ok(before < letters, "it was killed in the middle");
    const tide = await b.open();
    const job = await ended(tide, id);
    assert.deepEqual([job.state, job.replayed, job.skipped], ["done", letters, 0]);
    assert.deepEqual(
      await replayed(b.raw),
      Array.from({ length: letters }, (_, n) => `m${n}`),
    );
    assert.equal(await tide.deadLetters.count(), 0);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a step under an old lease, and one that was done already, are refused; a letter without its group is passed over", async () => {
  await using b = await bed();
  await bury(b.raw, 0, 2);
  await bury(b.raw, 2, 3, "");
  const scripts = new Scripts();
  const keys = new Keys("t");
  const { endpoint } = parseConfig({ url: b.redis.url });
  const link = new RedisLink({ endpoint, name: "test", deadline: 5_000, prepare: (call) => scripts.load(call) });
  try {
    await link.whenUp(5_000);
    const jobs = new ReplayJobs({ link, scripts, keys, onStart: () => {} });
    const replay = new Replay({
      link,
      scripts,
      keys,
      service: "test",
      tracer: { enabled: false, startSpan: assert.fail },
      maxPayload: 1_000,
    });
    const letters = await lettersOf(b.raw, keys);
    const [one, two, three] = letters;
    assert.ok(one && two && three);
    const { id } = await jobs.start({}, 1, three.id, 3);
    const first = await jobs.take(id, "a", 60_000);
    assert.equal(await jobs.take(id, "b", 60_000), null, "it is taken");
    assert.equal((await jobs.take(id, "a", 60_000))?.fence, first?.fence, "the owner keeps its fence");
    const step = { key: keys.job(id), fence: first?.fence ?? "", cursor: "0-0", lease: 60_000 };
    assert.equal(await replay.move(one, undefined, step), "moved");
    assert.equal(await replay.move(two, undefined, step), "not ours", "the cursor is elsewhere");
    await jobs.take(id, "a", 0);
    const second = await jobs.take(id, "b", 60_000);
    assert.notEqual(second?.fence, first?.fence);
    assert.equal(second?.cursor, one.id);
    assert.equal(await replay.move(two, undefined, { ...step, cursor: one.id }), "not ours", "the fence is old");
    assert.equal(await jobs.end(id, "done", first?.fence ?? ""), false);
    const now = { ...step, fence: second?.fence ?? "", cursor: one.id };
    assert.equal(await replay.move(two, undefined, now), "moved");
    assert.equal(await replay.move(three, undefined, { ...now, cursor: two.id }), "gone");
    assert.deepEqual(await replayed(b.raw), ["m0", "m1"]);
    assert.equal(await b.raw("XLEN", "t:dead_letter:events"), 1);
    const job = await jobs.get(id);
    assert.deepEqual([job?.replayed, job?.skipped], [2, 1]);
  } finally {
    link.close();
  }
});

async function lettersOf(raw: Bed["raw"], keys: Keys): Promise<DeadLetter[]> {
  const found = entries((await raw("XRANGE", keys.deadLetters(), "-", "+")) as Reply);
  return found.map((entry) => letterOf(entry, keys)).filter((letter) => letter !== null);
}
