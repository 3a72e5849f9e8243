/** The double itself: its time, its faults, and what it says when it is used wrongly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PublishUnknown } from "../../errors.ts";
import type { Receipt } from "../../publishing.ts";
import type { Notice } from "../../tide.ts";
import { createMemory, type Memory } from "./memory.ts";
import { VirtualClock } from "./virtual-clock.ts";

const START = Date.UTC(2026, 0, 1);

test("advancing the clock fires timers in their order and lets what they set off settle", async () => {
  const clock = new VirtualClock({ start: START });
  const seen: string[] = [];
  clock.after(20, () => void seen.push(`b ${clock.now()}`));
  clock.after(10, () => {
    seen.push(`a ${clock.now()}`);
    setImmediate(() => clock.after(5, () => void seen.push(`a2 ${clock.now()}`)));
  });
  clock.after(31, () => void seen.push("late"));
  clock.after(12, () => void seen.push("cancelled"))();
  await clock.advance(30);
  assert.deepEqual(seen, ["a 10", "a2 15", "b 20"]);
  assert.deepEqual([clock.now(), clock.wall()], [30, START + 30]);
});

test("waiting for something that cannot happen any more is an error, not a hang", async () => {
  const clock = new VirtualClock();
  await assert.rejects(
    clock.until(() => false),
    /no timer left/,
  );
  const repeat = (): void => void clock.after(1_000, repeat);
  repeat();
  await assert.rejects(
    clock.until(() => false, 10_000),
    /did not happen until 10000 virtual ms/,
  );
});

test("a blocked reader is woken by an entry, ended by CLIENT UNBLOCK, and times out in virtual time", async () => {
  await using memory = createMemory({ start: START });
  await memory.call("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  const read = (): Promise<unknown> => memory.call("XREADGROUP", "GROUP", "g", "c", "BLOCK", "5000", "STREAMS", "s", ">");
  const woken = read();
  const id = await memory.call("XADD", "s", "*", "f", "v");
  assert.deepEqual(await woken, [["s", [[id, ["f", "v"]]]]]);
  const before = Number(await memory.call("CLIENT", "ID"));
  const unblocked = read();
  assert.equal(await memory.call("CLIENT", "UNBLOCK", String(before + 1)), 1);
  assert.equal(await unblocked, null);
  assert.equal(memory.clock.now(), 0);
  const timedOut = read();
  await memory.clock.advance(5_000);
  assert.equal(await timedOut, null);
  assert.equal(memory.clock.now(), 5_000);
});

test("half an hour of retries takes a moment", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const attempts: number[] = [];
  const retry = { maxRetries: 5, baseDelay: 60_000, maxDelay: 3_600_000, jitter: "none" as const };
  await tide.consume("orders", { retry }, () => {
    attempts.push(Math.round(memory.clock.now() / 60_000));
    throw new Error("no");
  });
  await tide.publish("orders", { type: "n" });
  await memory.clock.until(async () => (await tide.deadLetters.count()) === 1);
  assert.deepEqual(attempts, [0, 1, 3, 7, 15, 31]);
});

test("with autoAdvance time goes on by itself while nothing else is under way", async () => {
  await using memory = createMemory({ autoAdvance: true });
  await new Promise<void>((resolve) => memory.clock.after(3_600_000, resolve));
  assert.equal(memory.clock.now(), 3_600_000);
});

test("a lost answer makes a publish unknown, and its retry finds the one entry", async () => {
  await using memory = createMemory();
  const tide = await memory.connect({ publishTimeout: 100 });
  memory.faults.loseAnswer("publish", { downFor: 1_000 });
  const doubt = await memory.clock.finish(tide.publish("orders", { type: "n" }).catch((error: unknown) => error));
  assert.ok(doubt instanceof PublishUnknown);
  await memory.clock.advance(5_000);
  const receipt = await doubt.retry<Receipt>();
  assert.equal(await memory.call("XLEN", receipt.stream), 1);
});

test("a command cut before it arrives has not run", async () => {
  await using memory = createMemory();
  const tide = await memory.connect({ publishTimeout: 100 });
  memory.faults.cutBefore("publish", { downFor: 1_000 });
  await memory.clock.finish(tide.publish("orders", { type: "n" }).catch(() => {}));
  assert.equal(await memory.call("EXISTS", "tidegate:orders:events"), 0);
});

test("a failing command answers with the error it was given, so many times", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  memory.faults.fail("publish", "OOM command not allowed when used memory > 'maxmemory'.");
  await assert.rejects(tide.publish("orders", { type: "n" }), { code: "REDIS_FULL" });
  await tide.publish("orders", { type: "n" });
});

test("a delayed command waits in virtual time until the delay is lifted", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const lift = memory.faults.delay(700, "publish");
  const publishing = tide.publish("orders", { type: "n" });
  await memory.clock.advance(699);
  assert.equal(await memory.call("EXISTS", "tidegate:orders:events"), 0);
  await memory.clock.advance(1);
  await publishing;
  lift();
  await tide.publish("orders", { type: "n" });
  assert.equal(memory.clock.now(), 700);
});

test("a killed process hands nothing back, and its message comes to another one after the lease", async () => {
  await using memory = createMemory();
  const [dying, living] = [await memory.connect(), await memory.connect()];
  const begun: string[] = [];
  await dying.consume("orders", { group: "g", lease: 30_000 }, async () => {
    begun.push("dying");
    await new Promise(() => {});
  });
  await living.publish("orders", { type: "n" });
  await memory.clock.settle();
  memory.faults.kill(dying);
  await living.consume(
    "orders",
    { group: "g", lease: 30_000 },
    (_, { crashes }) => void begun.push(`living ${crashes} ${memory.clock.now() >= 30_000}`),
  );
  await memory.clock.advance(29_000);
  assert.deepEqual(begun, ["dying"]);
  await memory.clock.advance(60_000);
  assert.deepEqual(begun, ["dying", "living 1 true"]);
});

test("a process that stands still loses its lease, and its late acknowledgement is refused", async () => {
  await using memory = createMemory();
  const notices: Notice[] = [];
  const [still, other] = [await memory.connect({ onNotice: (notice) => notices.push(notice) }), await memory.connect()];
  const gate = Promise.withResolvers<void>();
  const options = { group: "g", lease: 10_000 };
  const consumer = await still.consume("orders", options, () => gate.promise);
  await other.publish("orders", { type: "n" });
  await memory.clock.settle();
  const resume = memory.faults.pause(still);
  const taken = await other.consume("orders", options, () => {});
  await memory.clock.advance(60_000);
  assert.equal(taken.stats().acked, 1);
  resume();
  gate.resolve();
  await memory.clock.advance(1_000);
  assert.deepEqual([consumer.stats().acked, consumer.stats().lost], [0, 1]);
  assert.ok(notices.some(({ code }) => code === "lease_lost"));
});

test("a frozen server answers nobody until it thaws, and nothing is lost", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const thaw = memory.faults.freeze();
  const publishing = tide.publish("orders", { type: "n" });
  await memory.clock.advance(3_000);
  thaw();
  const receipt = await memory.clock.finish(publishing);
  assert.equal(await memory.call("XLEN", receipt.stream), 1);
});

test("consumers go on after everything stored was flushed", async () => {
  await using memory = createMemory();
  const tide = await memory.connect();
  const handled: unknown[] = [];
  await tide.consume("orders", { group: "g" }, ({ data }) => void handled.push(data));
  await tide.publish("orders", { type: "n", data: "old" });
  await memory.clock.advance(1_000);
  memory.faults.flush();
  await memory.clock.advance(1_000);
  await tide.publish("orders", { type: "n", data: "new" });
  await memory.clock.advance(10_000);
  assert.deepEqual(handled, ["old", "new"]);
});

test("the server says which one it is", async () => {
  const versions = await Promise.all([versionOf(createMemory()), versionOf(createMemory({ server: "valkey" }))]);
  assert.deepEqual(versions, ["redis 7.0.15", "valkey 8.0.1"]);
});

test("a durability that asks for replicas is confirmed by those the server says it has", async () => {
  await using memory = createMemory({ replicas: 1, autoAdvance: true });
  const tide = await memory.connect();
  const receipt = await tide.publish("orders", { type: "n" }, { durability: { replicas: 1 } });
  assert.deepEqual([receipt.status, receipt.replicas], ["replicated", 1]);
  await assert.rejects(tide.publish("orders", { type: "n" }, { durability: { replicas: 2 } }), { code: "NOT_REPLICATED" });
});

test("a script sees what it would see on a server", async () => {
  await using memory = createMemory();
  const run = (text: string, ...args: string[]): Promise<unknown> => memory.call("EVAL", text, "0", ...args);
  assert.deepEqual(await run("return {1, 2.9, 'x', true, false, {ok = 'OK'}, 7}"), [1, 2, "x", 1, null, "OK", 7]);
  assert.deepEqual(await run("return {1, nil, 3}"), [1]);
  assert.equal(await run("return (6 / 2) .. ':' .. 2^40"), "3:1099511627776");
  assert.equal(await run("return redis.call('GET', 'none') == false and 'nothing'"), "nothing");
  assert.deepEqual(await run("redis.call('HSET', 'h', 'a', 6 / 2) return redis.call('HGETALL', 'h')"), ["a", "3"]);
  assert.deepEqual(await run("return {cmsgpack.unpack(cmsgpack.pack({'ä', '\"', 3}))[1], #ARGV[1]}", "ä"), ["ä", 2]);
  assert.equal(
    await run("return redis.pcall('XADD', 'h', '*', 'f', 'v').err"),
    "WRONGTYPE Operation against a key holding the wrong kind of value",
  );
  await assert.rejects(
    run("return redis.call('XADD', 'h', '*', 'f', 'v')"),
    /^ErrorReply: WRONGTYPE .* script: [0-9a-f]{40}, on @user_script:1\.$|WRONGTYPE/,
  );
  await assert.rejects(run("return redis.error_reply('FORGOTTEN it')"), /FORGOTTEN it/);
  await assert.rejects(run("global = 1"), /nonexistent global variable 'global'/);
  await assert.rejects(run("return nothing.at.all"), /nonexistent global variable 'nothing'/);
});

test("a command the double does not have says so", async () => {
  await using memory = createMemory();
  await assert.rejects(memory.call("GEOADD", "k"), /unknown command 'GEOADD' \(the in-memory double does not have it\)/);
});

async function versionOf(memory: Memory): Promise<string> {
  await using open = memory;
  const { server, version } = await (await open.connect()).capabilities();
  return `${server} ${version}`;
}
