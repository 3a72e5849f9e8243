/** What Redis forgets must neither stop a consumer nor make it skip what is still there. Public API only, plus the raw blow. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, test } from "node:test";
import { createClient } from "@redis/client";
import { systemClock, type Clock } from "../clock.ts";
import { parseConfig } from "../config.ts";
import { connect, type Consumer, type Notice, type Tide } from "../index.ts";
import { open } from "../open.ts";
import { RedisLink } from "../redis/link.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe, until, type Probe } from "../testing/events.ts";

const TOPIC = "orders";
const GROUP = "orders_processors";
const LANES = ["rec:orders:events", "rec:orders:events:critical", "rec:orders:events:high", "rec:orders:events:low"];
const PRIORITIES = ["normal", "critical", "high", "low"] as const;

class Bed implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly notices = probe<Notice>();
  readonly handled: Probe<number> = probe<number>();
  readonly tide: Tide;
  readonly call: (...args: string[]) => Promise<unknown>;
  readonly #stack: AsyncDisposableStack;

  static async start(args: readonly string[] = []): Promise<Bed> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis({ args }));
    const raw = stack.adopt(createClient({ url: redis.url, RESP: 2 }), (client) => client.destroy());
    raw.on("error", () => {});
    await raw.connect();
    const notices = probe<Notice>();
    const tide = stack.use(await connect({ url: redis.url, namespace: "rec", onNotice: notices.add }));
    return new Bed(redis, notices, tide, (...command) => raw.sendCommand(command), stack.move());
  }

  constructor(redis: RedisServer, notices: Probe<Notice>, tide: Tide, call: Bed["call"], stack: AsyncDisposableStack) {
    this.redis = redis;
    this.notices = notices;
    this.tide = tide;
    this.call = call;
    this.#stack = stack;
  }

  /** Numbers from..to over all four lanes. */
  async publish(from: number, to: number): Promise<void> {
    const messages = Array.from({ length: to - from + 1 }, (_, at) => ({
      type: "n",
      data: from + at,
      priority: PRIORITIES[(from + at) % 4] ?? "normal",
    }));
    assert.ok((await this.tide.publishMany(TOPIC, messages)).every(({ ok }) => ok));
  }

  consume(): Promise<Consumer> {
    return this.tide.consume(TOPIC, { batch: 8 }, (message) => this.handled.add(message.data as number));
  }

  /** Every one of these was handled. */
  async handles(from: number, to: number): Promise<void> {
    const wanted = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const seen = (): boolean => {
      const set = new Set(this.handled.seen);
      return wanted.every((number) => set.has(number));
    };
    await until(`${from} to ${to} handled`, async () => seen());
  }

  /** Nothing pending, waiting or undelivered. */
  async settles(): Promise<void> {
    await until("everything settled", async () => {
      const [group] = await this.tide.groups.list(TOPIC);
      return group !== undefined && group.lag + group.pending + group.retrying === 0 && group.missingLanes.length === 0;
    });
  }

  repeats(): number {
    return this.handled.seen.length - new Set(this.handled.seen).size;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

describe("recovery", () => {
  test("XGROUP DESTROY on every lane: goes on at the mark, and repeats only what was acknowledged above it", async () => {
    await using bed = await Bed.start();
    const gate = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    await using _ = await bed.tide.consume(TOPIC, { batch: 64, concurrency: 2 }, async (message) => {
      bed.handled.add(message.data as number);
      if (message.data === 40 && bed.handled.seen.filter((one) => one === 40).length === 1) {
        held.resolve();
        await gate.promise;
      }
    });
    await bed.publish(0, 99);
    await held.promise;
    await bed.handles(0, 99);
    await until("all but one acknowledged", async () => (await bed.tide.groups.list(TOPIC))[0]?.pending === 1);
    for (const lane of LANES) await bed.call("XGROUP", "DESTROY", lane, GROUP);
    await bed.publish(100, 139);
    await bed.handles(100, 139);
    gate.resolve();
    await bed.settles();
    const repeated = bed.handled.seen.filter((number, at) => bed.handled.seen.indexOf(number) !== at);
    const above = Array.from({ length: 15 }, (_none, at) => 40 + at * 4);
    assert.deepEqual(
      repeated.toSorted((a, b) => a - b),
      above,
      "40 was never acknowledged; after it in its lane, 14 were",
    );
    const told = bed.notices.seen.filter(({ code }) => code === "group_recovered");
    const lanes = told.reduce((sum, { message }) => sum + Number(/lost on (\d) lanes/.exec(message)?.[1]), 0);
    assert.equal(lanes, 4, "each lane is reported once");
  });

  test("DEL of a lane: what is published afterwards arrives, the other lanes are not repeated", async () => {
    await using bed = await Bed.start();
    await using _ = await bed.consume();
    await bed.publish(0, 39);
    await bed.handles(0, 39);
    await bed.settles();
    for (const lane of LANES.slice(0, 2)) await bed.call("DEL", lane);
    await bed.publish(40, 79);
    await bed.handles(40, 79);
    await bed.settles();
    assert.equal(bed.repeats(), 0);
  });

  test("DEL of the retry stream and DESTROY of all lanes: waiting retries survive and come back", async () => {
    await using bed = await Bed.start();
    let failing = true;
    const retried = Promise.withResolvers<void>();
    await using _ = await bed.tide.consume(
      TOPIC,
      { retry: { baseDelay: 400, jitter: "none" }, onSettled: ({ outcome }) => outcome === "retried" && retried.resolve() },
      (message) => {
        if (failing && message.data === 3) throw new Error("not yet");
        bed.handled.add(message.data as number);
      },
    );
    await bed.publish(0, 7);
    await retried.promise;
    failing = false;
    for (const lane of LANES) await bed.call("XGROUP", "DESTROY", lane, GROUP);
    await bed.call("DEL", "rec:orders:retry:orders_processors:events");
    await bed.handles(0, 7);
    await bed.settles();
    assert.equal(bed.handled.seen.filter((number) => number === 3).length, 1);
  });

  test("FLUSHALL, and a restart that remembers nothing: what is published then arrives", async () => {
    await using bed = await Bed.start(["--appendonly", "no"]);
    await using _ = await bed.consume();
    await bed.publish(0, 19);
    await bed.handles(0, 19);
    await bed.call("FLUSHALL");
    await bed.publish(20, 39);
    await bed.handles(20, 39);
    await bed.settles();
    await bed.redis.kill("SIGKILL");
    await bed.redis.start();
    await until("connected again", async () => bed.tide.health().connected);
    await until("published again", async () => (await bed.tide.publishMany(TOPIC, [{ type: "n", data: 40 }]))[0]?.ok === true);
    await bed.publish(41, 59);
    await bed.handles(40, 59);
    await bed.settles();
  });

  for (const [name, spoil] of [
    ["missing", ["DEL", "rec:orders:position:orders_processors"]],
    ["ahead of the stream", ["HSET", "rec:orders:position:orders_processors", ...LANES.flatMap((lane) => [lane, "99999999999999999-0"])]],
  ] as const) {
    test(`a mark that is ${name}: the group begins at 0 and skips nothing`, async () => {
      await using bed = await Bed.start();
      await bed.publish(0, 19);
      const consumer = await bed.consume();
      await bed.handles(0, 19);
      await bed.settles();
      await consumer.stop();
      await bed.publish(20, 39);
      for (const lane of LANES) await bed.call("XGROUP", "DESTROY", lane, GROUP);
      await bed.call(...spoil);
      await using _ = await bed.consume();
      await bed.handles(0, 39);
      await bed.settles();
      assert.equal(bed.repeats(), 20);
    });
  }

  test("one lost mark, from: now: a known group does not take the lane for a new one", async () => {
    await using bed = await Bed.start();
    const consumer = await bed.consume();
    await bed.publish(0, 3);
    await bed.handles(0, 3);
    await consumer.stop();
    await bed.publish(4, 7);
    await bed.call("XGROUP", "DESTROY", LANES[0] ?? "", GROUP);
    await bed.call("HDEL", "rec:orders:position:orders_processors", LANES[0] ?? "");
    await using _ = await bed.tide.consume(TOPIC, { from: "now" }, (message) => bed.handled.add(message.data as number));
    await bed.handles(0, 7);
  });

  test("a group that cannot be restored is asked for ever less often, and goes on once it can", async () => {
    await using bed = await Bed.start();
    await using _ = await bed.consume();
    await bed.publish(0, 3);
    await bed.handles(0, 3);
    await bed.settles();
    await bed.call("CONFIG", "SET", "maxmemory", "1");
    for (const lane of LANES) await bed.call("XGROUP", "DESTROY", lane, GROUP);
    const begin = performance.now();
    const failed = async (): Promise<number> =>
      Number(/errorstat_NOGROUP:count=(\d+)/.exec(String(await bed.call("INFO", "errorstats")))?.[1] ?? 0);
    await until("it asked eight times", async () => (await failed()) >= 8);
    assert.ok(performance.now() - begin > 100, "eight questions within 100 ms are a hot loop");
    await bed.call("CONFIG", "SET", "maxmemory", "0");
    await bed.publish(4, 7);
    await bed.handles(4, 7);
  });

  test("failover to a replica that was cut off: what it has is handled, new ones arrive, the loss is reported", async () => {
    await using bed = await Bed.start();
    await using replica = await startRedis({ args: ["--replicaof", `127.0.0.1 ${bed.redis.port}`] });
    await using door = await Door.open(bed.redis.port);
    const raw = createClient({ url: replica.url, RESP: 2 });
    await raw.connect();
    await using _raw = { [Symbol.asyncDispose]: async () => raw.destroy() };
    const hurried: Clock = { ...systemClock, after: (ms, act) => systemClock.after(ms / 20, act) };
    const config = parseConfig({ url: door.url, namespace: "rec", onNotice: bed.notices.add });
    await using tide = await open(config, { clock: hurried, link: (options) => new RedisLink(options) });
    await using _ = await tide.consume(TOPIC, { batch: 8, lease: 60_000 }, (message) => bed.handled.add(message.data as number));
    await bed.publish(0, 39);
    await bed.handles(0, 39);
    await bed.publish(40, 59);
    const length = async (): Promise<number> => Number(await raw.sendCommand(["XLEN", LANES[0] ?? ""]));
    await until("replicated", async () => (await length()) === 15);
    await raw.sendCommand(["REPLICAOF", "127.0.0.1", "1"]);
    await bed.publish(60, 99);
    await bed.handles(0, 99);
    const looks = async (): Promise<number> =>
      Number(/cmdstat_xinfo\|stream:calls=(\d+)/.exec(String(await bed.call("INFO", "commandstats")))?.[1] ?? 0);
    const before = await looks();
    await until("the watch has seen it all", async () => (await looks()) >= before + 16);
    await raw.sendCommand(["REPLICAOF", "NO", "ONE"]);
    door.leadTo(replica.port);
    const first = bed.handled.seen.length;
    await until("published again", async () => (await tide.publishMany(TOPIC, [{ type: "n", data: 100 }]))[0]?.ok === true);
    await tide.publishMany(
      TOPIC,
      Array.from({ length: 19 }, (_none, at) => ({ type: "n", data: 101 + at })),
    );
    await bed.handles(100, 119);
    await until("everything settled", async () => {
      const [group] = await tide.groups.list(TOPIC);
      return group?.lag === 0 && group.pending === 0;
    });
    const again = bed.handled.seen.slice(first).filter((number) => number < 100);
    assert.ok(
      again.every((number) => number < 60),
      "what the replica never had cannot come back",
    );
    assert.equal(new Set(again).size, again.length, "nothing comes back twice");
    await until("the loss is told", async () => bed.notices.seen.filter(({ code }) => code === "entries_lost").length >= 4);
    const lost = bed.notices.seen.filter(({ code }) => code === "entries_lost");
    const counts = lost.map(({ detail }) => detail?.["entries"]);
    assert.deepEqual(counts, [10, 10, 10, 10], "40 in four lanes were published after the cut");
  });

  test("a topic removed on purpose is not reported as lost", async () => {
    await using bed = await Bed.start();
    const hurried: Clock = { ...systemClock, after: (ms, act) => systemClock.after(ms / 20, act) };
    const config = parseConfig({ url: bed.redis.url, namespace: "rec", onNotice: bed.notices.add });
    await using tide = await open(config, { clock: hurried, link: (options) => new RedisLink(options) });
    const looks = async (): Promise<number> =>
      Number(/cmdstat_xinfo\|stream:calls=(\d+)/.exec(String(await bed.call("INFO", "commandstats")))?.[1] ?? 0);
    const look = async (): Promise<void> => {
      const before = await looks();
      await until("the watch looked", async () => (await looks()) >= before + 6);
    };
    await tide.publish("kept", { type: "n", data: 1 });
    await tide.publish(TOPIC, { type: "n", data: 1 });
    await tide.publish("others", { type: "n", data: 1 });
    await look();
    assert.equal(await tide.removeTopic(TOPIC), true);
    await bed.call("DEL", "rec:others:events");
    await until("the other loss is told", async () => bed.notices.seen.some(({ code }) => code === "entries_lost"));
    await look();
    const lost = bed.notices.seen.filter(({ code }) => code === "entries_lost");
    assert.deepEqual(
      lost.map(({ detail }) => [detail?.["stream"], detail?.["entries"]]),
      [["rec:others:events", 1]],
    );
  });
});

/** A TCP address that can be made to lead elsewhere, as a failover does. */
class Door implements AsyncDisposable {
  readonly #server = createServer((client) => this.#pass(client));
  readonly #sockets = new Set<Socket>();
  #target: number;

  static async open(target: number): Promise<Door> {
    const door = new Door(target);
    await once(door.#server.listen(0, "127.0.0.1"), "listening");
    return door;
  }

  constructor(target: number) {
    this.#target = target;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  leadTo(target: number): void {
    this.#target = target;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #pass(client: Socket): void {
    const server = dial(this.#target, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => (client.destroy(), server.destroy(), this.#sockets.delete(socket)));
    }
    client.pipe(server).pipe(client);
  }
}
