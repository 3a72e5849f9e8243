/** A process that was paused past its lease finds out before it changes anything, and one of the same process is somebody else as well. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, type Reply, type Script, type Store } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { until } from "../../../streams/src/testing/events.ts";
import { HeldLease, Interrupted } from "./held-lease.ts";

test("a lease that ran out while its holder was paused is lost, whoever has it now", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url });
  const store = new Pausable(tide.store("leases"));
  const other = tide.store("other");
  await Promise.all([store.whenUp(5_000), other.whenUp(5_000)]);
  const [key, ttl] = ["lease:service:web", 300];
  const first = await HeldLease.take({ store, key, holder: "a#1", ttl });
  assert.equal(await HeldLease.take({ store, key, holder: "a#2", ttl }), null);
  await first?.check();
  store.pause();
  let second: HeldLease | null = null;
  await until("another one takes it", async () => (second = await HeldLease.take({ store: other, key, holder: "b#1", ttl })) !== null);
  store.resume();
  await assert.rejects(async () => await first?.check(), Interrupted);
  assert.equal(first?.signal.aborted, true);
  await first?.release();
  await (second as HeldLease | null)?.check();
  await (second as HeldLease | null)?.release();
  const third = await HeldLease.take({ store, key, holder: "a#3", ttl });
  assert.notEqual(third, null);
  await third?.release();
});

/** Holds what it is asked for, as a process that is stopped. */
class Pausable implements Pick<Store, "run"> {
  readonly #store: Store;
  #going: Promise<void> = Promise.resolve();
  #go: () => void = () => {};

  constructor(store: Store) {
    this.#store = store;
  }

  get up(): boolean {
    return this.#store.up;
  }

  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    await this.#going;
    return await this.#store.run(script, keys, args);
  }

  pause(): void {
    this.#going = new Promise((resolve) => (this.#go = resolve));
  }

  resume(): void {
    this.#go();
  }

  call(args: string[]): Promise<Reply> {
    return this.#store.call(args);
  }

  ask(args: string[]): Promise<Reply> {
    return this.#store.ask(args);
  }

  whenUp(limit: number): Promise<void> {
    return this.#store.whenUp(limit);
  }

  close(): void {
    this.#store.close();
  }
}
