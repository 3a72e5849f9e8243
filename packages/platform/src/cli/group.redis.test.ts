/** `group` and `topic config` as a script meets them: the real program, a real Redis, no terminal to ask at. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, RetryAfter, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const bed = new AsyncDisposableStack();
let redis: RedisServer;
let tide: Tide;

before(async () => {
  redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "clig" }));
  await tide.publishMany(
    "orders",
    Array.from({ length: 3 }, (_, n) => ({ type: "n", data: n })),
  );
  const waits = Promise.withResolvers<void>();
  await using _ = await tide.consume(
    "orders",
    { group: "busy", onSettled: ({ outcome }) => outcome === "retried" && waits.resolve() },
    () => {
      throw new RetryAfter(3_600_000);
    },
  );
  await waits.promise;
});
after(() => bed.disposeAsync());

test("a move that gives nothing up is not asked about; one that does is, and says what", async () => {
  assert.deepEqual(await json("group create orders calm --from now"), { topic: "orders", group: "calm", created: true });
  assert.deepEqual(await json("group seek orders calm beginning"), {
    topic: "orders",
    group: "calm",
    position: "beginning",
    released: 0,
    dropped: 0,
  });
  const refused = await tidegate("group seek orders busy now");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /move the group busy of orders to now and give up .*waiting for a retry[\s\S]*--yes/);
  const moved = await tidegate("group seek orders busy now --yes");
  assert.equal(moved.code, 0, moved.stderr);
  assert.match(moved.stdout, /goes on from now; gave up 0 messages in work and 3 messages waiting for a retry/);
});

test("reset, release and rm ask first; with --yes they act", async () => {
  await tide.groups.create("orders", "old");
  for (const verb of ["reset", "release", "rm"]) {
    const refused = await tidegate(`group ${verb} orders old`);
    assert.equal(refused.code, 2, verb);
    assert.match(refused.stderr, /--yes/);
  }
  assert.deepEqual(await json("group reset orders old --yes"), { topic: "orders", group: "old", released: 0, dropped: 0 });
  assert.deepEqual(await json("group release orders old --yes"), { topic: "orders", group: "old", released: true });
  assert.deepEqual(await json("group rm orders old --yes"), { topic: "orders", group: "old", removed: true });
  assert.equal((await tidegate("group reset orders old --yes")).code, 3);
});

test("topic config shows and changes, and refuses what would strand entries", async () => {
  assert.deepEqual(await json("topic config shared"), { topic: "shared", lanes: true, wire: "compact" });
  assert.deepEqual(await json("topic config shared --no-lanes --wire full"), { topic: "shared", lanes: false, wire: "full" });
  assert.deepEqual(await json("topic config shared --lanes"), { topic: "shared", lanes: true, wire: "full" });
  await tide.publish("stuck", { type: "n", priority: "low" });
  const refused = await tidegate("topic config stuck --no-lanes");
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /lane low of stuck has 1 entr/);
  assert.equal((await tidegate("topic config stuck --wire loud")).code, 2);
});

async function json(args: string): Promise<unknown> {
  const result = await tidegate(`${args} --json`);
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

async function tidegate(args: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: "1", REDIS_STREAMS_URL: redis.url, TIDEGATE_NAMESPACE: "clig" };
  const child = spawn(process.execPath, [PROGRAM, ...args.split(" ")], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}
