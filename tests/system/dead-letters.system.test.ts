/** `tidegate dlq` and `tidegate job` as a script meets them: filter, export, edit, and a replay that outlives the command that began it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, Unrecoverable, type DeadLetter, type DeadLetterGroup, type ReplayJob, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";

const PROGRAM = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const letters = 60;
const bed = new AsyncDisposableStack();
let redis: RedisServer;
let tide: Tide;

before(async () => {
  redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "cli" }));
  let left = letters;
  const dead = Promise.withResolvers<void>();
  const onSettled = () => void (--left === 0 && dead.resolve());
  const consumer = await tide.consume("identity", { onSettled }, ({ data }) => {
    const { n } = data as { n: number };
    throw new Unrecoverable(`no such user ${n}`, { code: n === 0 ? "FIRST" : "NO_USER" });
  });
  await tide.publishMany(
    "identity",
    Array.from({ length: letters }, (_, n) => ({ type: "user_deleted", data: { n } })),
  );
  await dead.promise;
  await consumer.stop();
});

after(() => bed.disposeAsync());

test("a kind is found by groups and chosen by its signature; export writes each letter on a line, oldest first", async () => {
  const groups = lines<DeadLetterGroup>((await tidegate("dlq", "groups", "--from", "1h", "--json")).stdout);
  assert.deepEqual(
    groups.map(({ count, errorCode }) => [count, errorCode]),
    [
      [letters - 1, "NO_USER"],
      [1, "FIRST"],
    ],
  );
  const exported = lines<DeadLetter>((await tidegate("dlq", "export", "--signature", groups[0]?.signature ?? "")).stdout);
  assert.deepEqual(
    exported.map(({ message }) => message?.data),
    Array.from({ length: letters - 1 }, (_, n) => ({ n: n + 1 })),
  );
  assert.equal(lines((await tidegate("dlq", "ls", "--text", "user 17", "--json")).stdout).length, 1);
  assert.equal((await tidegate("dlq", "ls", "--from", "yesterday")).code, 2);
});

test("edit changes one letter and sends it back; what is no JSON changes nothing", async () => {
  const [letter] = lines<DeadLetter>((await tidegate("dlq", "ls", "--error", "FIRST", "--json")).stdout);
  assert.ok(letter);
  assert.equal((await tidegate("dlq", "edit", letter.id, "{n:1}")).code, 2);
  assert.equal((await tidegate("dlq", "edit", letter.id)).code, 2, "there is no terminal for an editor");
  const done = await tidegate("dlq", "edit", letter.id, '{"n":1000}', "--json");
  assert.deepEqual([done.code, JSON.parse(done.stdout)], [0, { replayed: 1, skipped: 0 }]);
  const again = await tidegate("dlq", "edit", letter.id, "{}");
  assert.deepEqual([again.code, again.stdout], [3, ""]);
});

test("Ctrl-C leaves a replay running, and says how to follow and stop it", async () => {
  const child = start("dlq", "replay", "--topic", "identity", "--rate", "5", "--yes");
  const output = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  // Another process watches it begin, in the middle of its work.
  await begun();
  child.kill("SIGINT");
  const [, stderr] = await output;
  assert.equal(child.exitCode, 130);
  const id = /job show (\w+) --follow/.exec(stderr)?.[1] ?? "";
  assert.match(stderr, new RegExp(`tidegate job cancel ${id}`));
  const [job] = lines<ReplayJob>((await tidegate("job", "ls", "--json")).stdout);
  assert.deepEqual([job?.id, job?.state, job?.total], [id, "running", letters - 1]);
  const cancelled = JSON.parse((await tidegate("job", "cancel", id, "--json")).stdout) as ReplayJob;
  assert.equal(cancelled.state, "cancelled");
  const followed = await tidegate("job", "show", id, "--follow");
  assert.match(followed.stdout, /cancelled: replayed \d+ dead letters/);
  assert.equal((await tidegate("job", "show", "nope", "--json")).code, 3);
});

test("a replay without haste is followed to its end", async () => {
  const left = await tide.deadLetters.count();
  const done = await tidegate("dlq", "replay", "--all", "--rate", "0", "--yes", "--json");
  const job = JSON.parse(done.stdout) as ReplayJob;
  assert.deepEqual([done.code, job.state, job.replayed], [0, "done", left]);
  assert.equal(await tide.deadLetters.count(), 0);
});

/** Resolves once a job has moved two letters: the command follows it by then. */
async function begun(): Promise<void> {
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    const [job] = await tide.deadLetters.jobs();
    if (job !== undefined && job.replayed > 1) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("no job began in 15 s");
}

function start(...args: string[]) {
  return spawn(process.execPath, [PROGRAM, ...args, "--url", redis.url, "--namespace", "cli"], { stdio: ["ignore", "pipe", "pipe"] });
}

async function tidegate(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(...args);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

function lines<T>(stdout: string): T[] {
  const found = stdout.split("\n").filter((line) => line !== "");
  return found.map((line) => JSON.parse(line) as T);
}
