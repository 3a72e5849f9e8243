/**
 * The double against a real server: random commands, sent to both, must have equal replies, errors included. Only times differ.
 * A failure prints its seed and the shortest list of commands that shows it.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { createClient } from "@redis/client";
import { startRedis } from "../redis-server.ts";
import { createMemory } from "./memory.ts";

const RUNS = Number(process.env["TIDEGATE_TEST_RUNS"] ?? 400);

const server = await startRedis();
const client = await createClient({ url: server.url, RESP: 2 }).connect();
const memory = createMemory({ server: process.env["TIDEGATE_TEST_SERVER"] === "valkey-server" ? "valkey" : "redis" });
after(async () => {
  client.destroy();
  await server.stop();
  await memory[Symbol.asyncDispose]();
});

const key = fc.oneof({ weight: 9, arbitrary: fc.constant("s") }, fc.constant("t"));
const group = fc.oneof({ weight: 6, arbitrary: fc.constant("g") }, fc.constant("h"));
const consumer = fc.constantFrom("a", "b", "c");
const time = fc.integer({ min: 0, max: 12 }).map(String);
const id = fc.oneof({ weight: 6, arbitrary: fc.tuple(time, fc.integer({ min: 0, max: 2 })).map(([ms, seq]) => `${ms}-${seq}`) }, time);
const start = fc.oneof(
  id,
  id.map((one) => `(${one}`),
  fc.constantFrom("-", "0"),
);
const end = fc.oneof(
  id,
  id.map((one) => `(${one}`),
  fc.constantFrom("+", "12"),
);
const count = fc.integer({ min: 0, max: 4 }).map(String);
const never = "100000000";
const ids = fc.array(id, { minLength: 1, maxLength: 4 });

function words(...parts: (string | fc.Arbitrary<string> | fc.Arbitrary<string[]>)[]): fc.Arbitrary<string[]> {
  const all = parts.map((part) => (typeof part === "string" ? fc.constant([part]) : part.map((one) => [one].flat())));
  return fc.tuple(...all).map((lists) => lists.flat());
}

function optional(...parts: Parameters<typeof words>): fc.Arbitrary<string[]> {
  return fc.oneof(fc.constant<string[]>([]), words(...parts));
}

const frequent: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: words(
      "XADD",
      key,
      fc.oneof(
        id,
        time.map((ms) => `${ms}-*`),
      ),
      "f",
      "v",
    ),
  },
  words("XADD", key, "NOMKSTREAM", id, "f", "v", "f", "w"),
  { weight: 4, arbitrary: words("XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, ">") },
  words("XREADGROUP", "GROUP", group, consumer, "STREAMS", "s", "t", ">", ">"),
  words("XREADGROUP", "GROUP", group, consumer, "NOACK", "STREAMS", key, ">"),
  words("XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, id),
  { weight: 2, arbitrary: words("XACK", key, group, ids) },
  words("XPENDING", key, group),
  {
    weight: 3,
    arbitrary: words("XPENDING", key, group, optional("IDLE", fc.constantFrom("0", never)), start, end, count, optional(consumer)),
  },
  words("XCLAIM", key, group, consumer, "0", ids, optional("JUSTID")),
  words("XCLAIM", key, group, consumer, never, ids),
  words(
    "XCLAIM",
    key,
    group,
    consumer,
    "0",
    ids,
    "IDLE",
    "200000000",
    optional("RETRYCOUNT", count),
    optional("FORCE"),
    optional("JUSTID"),
  ),
  words("XCLAIM", key, group, consumer, "0", ids, "TIME", "0", "RETRYCOUNT", count, "JUSTID"),
  words("XAUTOCLAIM", key, group, consumer, fc.constantFrom("0", never), start, optional("COUNT", count), optional("JUSTID")),
  { weight: 2, arbitrary: words("XDEL", key, ids) },
  words("XRANGE", key, start, end, optional("COUNT", count)),
  words("XREVRANGE", key, end, start, optional("COUNT", count)),
  words("XGROUP", "CREATE", key, group, fc.oneof(id, fc.constant("$")), optional("MKSTREAM")),
  { weight: 3, arbitrary: words("XGROUP", "SETID", key, group, fc.oneof(id, fc.constant("$"))) },
  words("XGROUP", "CREATECONSUMER", key, group, consumer),
  words("XINFO", "STREAM", key),
  { weight: 3, arbitrary: words("XINFO", "GROUPS", key) },
  words("XINFO", "CONSUMERS", key, group),
  words("XREAD", "COUNT", count, "STREAMS", "s", "t", id, id),
);

/** What ends a state, or tells little. */
const rare: fc.Arbitrary<string[]> = fc.oneof(
  words("XGROUP", "DESTROY", key, group),
  words("XGROUP", "DELCONSUMER", key, group, consumer),
  words("DEL", key),
  words("SET", key, "text"),
  words("EXISTS", key),
  words("TYPE", key),
  words("XLEN", key),
  words("XTRIM", key, "MAXLEN", optional("="), count),
  words("XTRIM", key, "MINID", id),
  words("XADD", key, "MAXLEN", "=", count, id, "f", "v"),
);

const command: fc.Arbitrary<string[]> = fc.oneof({ weight: 9, arbitrary: frequent }, rare);

const others: fc.Arbitrary<string[]> = fc.oneof(
  words("HSET", key, fc.constantFrom("x", "y"), count),
  words("HINCRBY", key, fc.constantFrom("x", "y"), count),
  words("HGETALL", key),
  words("HDEL", key, "x", "y"),
  words("HMGET", key, "x", "y"),
  words("ZADD", key, optional(fc.constantFrom("NX", "XX", "GT", "LT")), optional("CH"), count, fc.constantFrom("x", "y", "z")),
  words("ZRANGE", key, "0", "-1", optional("REV"), "WITHSCORES"),
  words("ZRANGE", key, fc.integer({ min: -4, max: 3 }).map(String), fc.integer({ min: -4, max: 3 }).map(String)),
  words("ZRANGEBYSCORE", key, fc.constantFrom("-inf", "1", "(1"), fc.constantFrom("+inf", "2", "(2"), optional("LIMIT", "1", "1")),
  words("ZREMRANGEBYSCORE", key, "1", "(3"),
  words("ZREMRANGEBYRANK", key, "0", fc.constantFrom("0", "-2")),
  words("ZCOUNT", key, "(0", "2"),
  words("ZINCRBY", key, fc.constantFrom("1.5", "-1"), "x"),
  words("ZSCORE", key, "x"),
  words("ZPOPMIN", key),
  words("ZREM", key, "x", "z"),
  words("SADD", key, "1", count),
  words("SREM", key, "1"),
  words("SCARD", key),
  words("SET", key, count, optional(fc.constantFrom("NX", "XX")), optional("PX", "100000"), optional("GET")),
  words("INCRBY", key, count),
  words("GET", key),
  words("EXPIRE", key, "1000", optional(fc.constantFrom("NX", "XX"))),
  words("TTL", key),
  words("PERSIST", key),
  { weight: 3, arbitrary: words("DEL", key) },
  words("TYPE", key),
  words("EXISTS", "s", "t", "s"),
);

/** Two consumers at work, so that random commands mean something from the first one on. */
const SCENE = [
  ["XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"],
  ...["1-1", "2-0", "2-1", "5-0", "7-2", "8-0"].map((one) => ["XADD", "s", one, "f", one]),
  ["XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">"],
  ["XREADGROUP", "GROUP", "g", "b", "COUNT", "3", "STREAMS", "s", ">"],
];

test("the double answers stream commands as a real server does", async () => {
  await compare(fc.array(command, { maxLength: 60, size: "max" }), SCENE);
});

test("the double answers commands on hashes, sets, sorted sets and strings as a real server does", async () => {
  await compare(fc.array(others, { maxLength: 40, size: "max" }), []);
});

async function compare(commands: fc.Arbitrary<string[][]>, scene: string[][]): Promise<void> {
  const property = fc.asyncProperty(commands, async (list) => {
    await Promise.all([client.sendCommand(["FLUSHALL"]), memory.call("FLUSHALL")]);
    const before: string[] = [];
    for (const args of [...scene, ...list]) {
      const [real, double] = await Promise.all([outcome(client.sendCommand(args)), outcome(memory.call(...args))]);
      assert.deepEqual(comparable(args, double), comparable(args, real), `after:\n${before.join("\n")}\n${args.join(" ")}`);
      before.push(args.join(" "));
    }
  });
  await fc.assert(property, { numRuns: RUNS });
}

async function outcome(reply: Promise<unknown>): Promise<unknown> {
  return await reply.catch((error: Error) => ({ error: error.message }));
}

/** Without what depends on time, on the layout in memory, or on the server's version. */
function comparable(args: readonly string[], reply: unknown): unknown {
  const name = args[0] === "XINFO" ? `XINFO ${String(args[1])}` : args[0];
  if (!Array.isArray(reply)) return reply;
  if (name === "XPENDING" && Array.isArray(reply[0])) return reply.map((row: unknown[]) => [row[0], row[1], row[3]]);
  if (name === "XINFO STREAM") return without(reply, ["radix-tree-keys", "radix-tree-nodes"]);
  if (name === "XINFO CONSUMERS") return reply.map((row: unknown[]) => without(row, ["idle", "inactive"]));
  if (name === "HGETALL" || name === "SMEMBERS") return new Set(reply);
  return reply;
}

function without(reply: readonly unknown[], names: readonly string[]): unknown[] {
  return reply.filter((_, index) => !names.includes(String(reply[index - (index % 2)])));
}
