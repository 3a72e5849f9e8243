/** Every entry's effect happens once, and what could not be read is counted: whatever befalls processes, connections and the stream. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial, createServer, type AddressInfo, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect, type Store, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { PlatformKeys } from "../redis/keys.ts";
import { guarded, Processor, type Effect, type ProcessorOptions, type StreamEntry } from "./processor.ts";

const GROUP = "metrics-group";
const keys = new PlatformKeys("test", "");
/** Each entry's own field grows by one: what is done twice is seen. */
const SCRIPT = guarded("for at = 7, #ARGV do redis.call('HINCRBY', KEYS[4], ARGV[at], 1) end return 1");
const bed = new AsyncDisposableStack();
let redis: RedisServer;
let tide: Tide;
let store: Store;

before(async () => {
  redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url, namespace: "test", service: "test", retention: false }));
  store = tide.store("test");
  await store.whenUp(10_000);
});

after(() => bed.disposeAsync());

test("each entry has its effect once, and other programs see where the group is", async () => {
  await add("plain", 1_234);
  await using processor = running({ stream: "plain" });
  await until(async () => (await processor.status()).processed === 1_234);
  assert.deepEqual(await timesOf("plain"), { entries: 1_234, twice: 0 });
  const group = await groupOf("plain");
  assert.deepEqual([group.get("lag"), group.get("pending")], [0, 0]);
  const { holder, lag, lost } = await processor.status();
  assert.deepEqual([holder, lag, lost], ["one", 0, 0]);
});

test("what is trimmed before it was read is counted exactly, whenever it happens", async () => {
  await add("trimmed", 100);
  await store.call(["XTRIM", "trimmed", "MAXLEN", "70"]);
  await using processor = running({ stream: "trimmed", batch: 10 });
  await until(async () => (await processor.status()).lag === 0);
  assert.deepEqual([(await processor.status()).lost, (await processor.status()).processed], [30, 70]);
  await store.call(["XTRIM", "trimmed", "MAXLEN", "0"]);
  await add("trimmed", 5);
  await until(async () => (await processor.status()).processed === 75);
  assert.equal((await processor.status()).lost, 30, "what was read may go");
});

test("a batch that is trimmed while it is being worked on is not lost; what goes with it behind it is", async () => {
  await add("gone", 50);
  const trims = [12, 45];
  await using processor = running({
    stream: "gone",
    batch: 10,
    // The command goes out on the same connection before the batch's script.
    effect(entries) {
      const count = trims.shift();
      if (count !== undefined) void store.call(["XTRIM", "gone", "MAXLEN", String(50 - count)]);
      return effectOn("gone", entries);
    },
  });
  await until(async () => (await processor.status()).lag === 0 && (await timesOf("gone")).entries > 0);
  // 1–10 are read, 12 trimmed: 11 and 12 are lost. 13–22 are read, 45 trimmed: 23–45 are lost.
  const { lost, processed } = await processor.status();
  assert.deepEqual([lost, processed, await timesOf("gone")], [25, 25, { entries: 25, twice: 0 }]);
});

test("a group that was destroyed is made again where the cursor stands", async () => {
  await add("group", 20);
  await using processor = running({ stream: "group" });
  await until(async () => (await processor.status()).processed === 20);
  await store.call(["XGROUP", "DESTROY", "group", GROUP]);
  await add("group", 7);
  await until(async () => (await processor.status()).processed === 27);
  assert.deepEqual(await timesOf("group"), { entries: 27, twice: 0 });
  assert.equal((await groupOf("group")).get("lag"), 0);
});

test("a stream that was deleted and made anew is read from its beginning, and its losses are its own", async () => {
  await add("anew", 40);
  await using processor = running({ stream: "anew" });
  await until(async () => (await processor.status()).processed === 40);
  await store.call(["DEL", "anew"]);
  await add("anew", 9);
  await until(async () => (await processor.status()).processed === 49);
  assert.deepEqual([(await processor.status()).lost, (await groupOf("anew")).get("lag")], [0, 0]);
});

test("an entry nothing can be made of is passed over, and nothing else", async () => {
  const troubles: string[] = [];
  await add("poison", 30);
  const bad = (entry: StreamEntry): boolean => entry.fields["n"] === "11";
  await using processor = running({
    stream: "poison",
    effect(entries) {
      if (entries.some(bad)) throw new Error("unreadable");
      return effectOn("poison", entries);
    },
    onTrouble: (message) => void troubles.push(message),
  });
  await until(async () => (await processor.status()).processed === 30);
  assert.deepEqual(await timesOf("poison"), { entries: 29, twice: 0 });
  assert.equal(troubles.length, 1, troubles.join("\n"));
  assert.match(troubles[0] ?? "", /cannot be processed/);
});

test("while one process reads a stream the others wait; a stop hands it over at once", async () => {
  await using first = running({ stream: "handed", holder: "first", ttl: 60_000 });
  await until(async () => (await first.status()).holder === "first");
  await using second = running({ stream: "handed", holder: "second", ttl: 1_000 });
  await add("handed", 10);
  await until(async () => (await second.status()).processed === 10);
  assert.deepEqual([first.holding, second.holding], [true, false]);
  await first.stop();
  await add("handed", 10);
  await until(async () => (await second.status()).processed === 20);
  assert.deepEqual([(await second.status()).holder, await timesOf("handed")], ["second", { entries: 20, twice: 0 }]);
});

test("a late script is refused: of another holder, of an old fence, from another place", async () => {
  await add("late", 2);
  await using processor = running({ stream: "late" });
  await until(async () => (await processor.status()).processed === 2);
  const [lease, cursor] = [keys.lease(`${GROUP}:late`), keys.cursor(GROUP, "late")];
  const [fence, at] = [String(await store.call(["HGET", lease, "fence"])), String(await store.call(["HGET", cursor, "id"]))];
  await processor.stop();
  const id = String(await store.call(["XADD", "late", "*", "n", "3"]));
  const late = (holder: string, under: string, before: string): Promise<unknown> =>
    store.run(SCRIPT, [lease, cursor, "late", "effects:late"], [holder, under, before, id, "1", GROUP, id]);
  assert.equal(await late("other", fence, at), 0);
  assert.equal(await late("one", String(Number(fence) - 1), at), 0);
  assert.equal(await late("one", fence, "0-0"), 0);
  assert.deepEqual(await timesOf("late"), { entries: 2, twice: 0 });
  assert.equal(await late("one", fence, at), 1, "and in time it is not");
});

test("the group holds back retention before the first entry", async () => {
  await using processor = running({ stream: "empty" });
  await until(async () => processor.holding);
  assert.equal((await groupOf("empty")).get("last-delivered-id"), "0-0");
});

for (const seed of [Number(process.env["SEED"] ?? 1), Date.now() % 1_000_000])
  test(`two processors, answers lost and connections that stand still: each effect once (seed ${seed})`, async (context) => {
    const random = generator(seed);
    const stream = `random-${seed}`;
    await using one = await Troublemaker.start(redis.port, random);
    await using other = await Troublemaker.start(redis.port, random);
    await using left = await connect({ url: one.url, namespace: "test", retention: false });
    await using right = await connect({ url: other.url, namespace: "test", retention: false });
    [one.calm, other.calm] = [false, false];
    await using first = running({ stream, holder: "one", store: left.store("one"), batch: 7, ttl: 150 });
    await using second = running({ stream, holder: "other", store: right.store("other"), batch: 11, ttl: 150 });
    for (let added = 0; added < 1_500; added += 50) {
      await add(stream, 50);
      await until(async () => Number(await store.call(["HGET", keys.cursor(GROUP, stream), "done"])) > added - 100);
    }
    [one.calm, other.calm] = [true, true];
    await until(async () => Number(await store.call(["HGET", keys.cursor(GROUP, stream), "done"])) >= 1_500);
    await Promise.all([first.stop(), second.stop()]);
    assert.deepEqual(await timesOf(stream), { entries: 1_500, twice: 0 });
    assert.equal((await groupOf(stream)).get("lag"), 0);
    const fence = Number(await store.call(["HGET", keys.lease(`${GROUP}:${stream}`), "fence"]));
    context.diagnostic(`${one.cuts + other.cuts} answers lost, ${one.pauses + other.pauses} pauses, the lease changed ${fence} times`);
    assert.ok(one.cuts + other.cuts > 0 && fence > 1, "nothing happened");
  });

// Private

function running(options: Partial<ProcessorOptions> & { stream: string }): Processor & AsyncDisposable {
  const processor = new Processor({
    store,
    keys,
    group: GROUP,
    holder: "one",
    script: SCRIPT,
    effect: (entries) => effectOn(options.stream, entries),
    onTrouble: () => {},
    ...options,
  });
  processor.start();
  return Object.assign(processor, { [Symbol.asyncDispose]: () => processor.stop() });
}

function effectOn(stream: string, entries: readonly StreamEntry[]): Effect {
  return { keys: [`effects:${stream}`], args: entries.map(({ id }) => id) };
}

async function add(stream: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => store.call(["XADD", stream, "*", "n", String(n + 1)])));
}

async function timesOf(stream: string): Promise<{ entries: number; twice: number }> {
  const reply = await store.call(["HVALS", `effects:${stream}`]);
  const times = Array.isArray(reply) ? reply.map(Number) : [];
  return { entries: times.length, twice: times.filter((count) => count !== 1).length };
}

async function groupOf(stream: string): Promise<Map<string, unknown>> {
  const reply = await store.call(["XINFO", "GROUPS", stream]);
  const flat: unknown = Array.isArray(reply) ? reply[0] : [];
  const group = new Map<string, unknown>();
  if (Array.isArray(flat)) for (let at = 0; at < flat.length; at += 2) group.set(String(flat[at]), flat[at + 1]);
  return group;
}

async function until(check: () => Promise<boolean>, limit = 30_000): Promise<void> {
  const end = performance.now() + limit;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`did not come true in ${limit} ms: ${String(check)}`);
    await pause(5);
  }
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A way to Redis on which now and then an answer is lost with its connection, or commands stand still until the lease has passed to another. */
class Troublemaker implements AsyncDisposable {
  cuts = 0;
  pauses = 0;
  /** Until there is something to disturb. */
  calm = true;
  readonly #random: () => number;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #server = createServer((client) => this.#pipe(client));

  static async start(target: number, random: () => number): Promise<Troublemaker> {
    const trouble = new Troublemaker(target, random);
    await once(trouble.#server.listen(0, "127.0.0.1"), "listening");
    return trouble;
  }

  private constructor(target: number, random: () => number) {
    this.#target = target;
    this.#random = random;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #pipe(client: Socket): void {
    const server = dial(this.#target, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => (client.destroy(), server.destroy(), this.#sockets.delete(socket)));
    }
    client.on("data", (chunk) => this.#forward(client, server, chunk));
    server.on("data", (chunk) => {
      const script = !this.calm && this.#random() < 0.02;
      if (!script) return void client.write(chunk);
      this.cuts++;
      client.destroy();
    });
  }

  /** What stands still comes in order, and late. */
  #forward(client: Socket, server: Socket, chunk: Buffer): void {
    if (this.calm || this.#random() >= 0.02) return void server.write(chunk);
    this.pauses++;
    client.pause();
    const timer = setTimeout(() => (this.#timers.delete(timer), server.write(chunk), client.resume()), 250);
    this.#timers.add(timer);
  }
}
