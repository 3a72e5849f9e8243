import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { connect, defineScript, type Store } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { PlatformKeys } from "../redis/keys.ts";

interface Said {
  readonly leads?: boolean;
  readonly fence?: number;
  readonly ready?: boolean;
  readonly asked?: boolean;
}

/** What every script of a singleton duty begins with. */
const ACT = defineScript(`
local lease = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
return redis.call('INCR', KEYS[2])`);

describe("leader", { concurrency: true }, () => {
  test(
    "one of two leads; a paused leader is replaced, finds its fence refused, and follows when it wakes",
    { timeout: 60_000 },
    async () => {
      await using redis = await startRedis();
      await using tide = await connect({ url: redis.url, namespace: "election" });
      const store = tide.store("test");
      await store.whenUp(5_000);
      await using first = await Contender.start(redis.url, "first");
      const { fence = 0 } = await first.hears(({ leads }) => leads === true);
      await using second = await Contender.start(redis.url, "second");
      assert.equal((await second.asks()).leads, false);
      assert.equal(await act(store, "first", fence), 1);

      first.process.kill("SIGSTOP");
      const stopped = performance.now();
      const { fence: newer = 0 } = await second.hears(({ leads }) => leads === true);
      const took = performance.now() - stopped;
      assert.ok(took < 8_000, `took over after ${took} ms`);
      assert.ok(newer > fence);
      assert.equal(await act(store, "first", fence), 0, "what the paused one still sends is refused");
      assert.equal(await act(store, "second", newer), 2);

      first.process.kill("SIGCONT");
      const awake = await first.asks();
      assert.deepEqual([awake.leads, awake.fence], [false, 0], "its own clock tells it that it was too late");
      await first.hears(({ leads }) => leads === false);
      assert.equal((await second.asks()).leads, true);
    },
  );

  test("a killed leader is replaced within its lease and a renewal; one that stops is replaced sooner", { timeout: 60_000 }, async () => {
    await using redis = await startRedis();
    await using first = await Contender.start(redis.url, "first");
    await first.hears(({ leads }) => leads === true);
    await using second = await Contender.start(redis.url, "second");
    const killed = performance.now();
    first.process.kill("SIGKILL");
    await second.hears(({ leads }) => leads === true);
    assert.ok(performance.now() - killed < 8_000);
    await using third = await Contender.start(redis.url, "third");
    const stopped = performance.now();
    second.process.send("stop");
    await third.hears(({ leads }) => leads === true);
    assert.ok(performance.now() - stopped < 4_000, "it gave the lease back");
  });
});

// Helpers

const LIMIT = 20_000;

async function act(store: Store, holder: string, fence: number): Promise<unknown> {
  const key = new PlatformKeys("election", "").lease("election:leader");
  return await store.run(ACT, [key, "acted"], [holder, String(fence)]);
}

class Contender implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #said: Said[] = [];

  static async start(url: string, instance: string): Promise<Contender> {
    const child = fork(new URL("./testing/leader-process.ts", import.meta.url), [url, instance], {
      execArgv: ["--conditions=@tidegate/source"],
    });
    const contender = new Contender(child);
    await contender.hears(({ ready }) => ready === true);
    return contender;
  }

  private constructor(child: ChildProcess) {
    this.process = child;
    child.on("message", (said: Said) => {
      this.#said.push(said);
      child.emit("said");
    });
  }

  /** The first it said that fits, also if it was said before. */
  async hears(wanted: (said: Said) => boolean): Promise<Said> {
    for (;;) {
      const at = this.#said.findIndex(wanted);
      if (at !== -1) return this.#said.splice(at, 1)[0] as Said;
      await once(this.process, "said", { signal: AbortSignal.timeout(LIMIT) });
    }
  }

  async asks(): Promise<Said> {
    this.process.send("how?");
    return await this.hears(({ asked }) => asked === true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }
}
