import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, Lease, type Store } from "./index.ts";
import { startRedis } from "./testing/index.ts";

const bed = new AsyncDisposableStack();
let store: Store;

before(async () => {
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  store = bed.use(await connect({ url: redis.url })).store("lease");
  await store.whenUp(10_000);
});

after(() => bed.disposeAsync());

test("one holds a lease, keeps it by renewing, and nobody else gets it meanwhile", async () => {
  const [one, other] = [lease("kept", "one"), lease("kept", "other")];
  assert.equal(await one.hold(), true);
  const { fence } = one;
  assert.equal(await one.hold(), true);
  assert.equal(one.fence, fence, "renewed, not taken anew");
  assert.equal(await other.hold(), false);
  assert.deepEqual([other.fence, await other.holder()], [0, "one"]);
});

test("who releases it makes room at once, and the next has a higher fence", async () => {
  const [one, other] = [lease("released", "one"), lease("released", "other")];
  await one.hold();
  const { fence } = one;
  await other.release();
  assert.equal(await other.hold(), false, "only the holder releases");
  await one.release();
  assert.deepEqual([one.fence, await one.holder()], [0, null]);
  assert.equal(await other.hold(), true);
  assert.ok(other.fence > fence);
});

test("a lease that was not renewed is free, and its former holder comes back under a new fence", async () => {
  const [one, other] = [lease("lapsed", "one", 40), lease("lapsed", "other", 40)];
  await one.hold();
  const { fence } = one;
  while ((await one.holder()) !== null);
  assert.equal(await other.hold(), true);
  assert.ok(other.fence > fence);
  while ((await one.holder()) !== null);
  assert.equal(await one.hold(), true);
  assert.ok(one.fence > other.fence);
});

test("without an answer of Redis a lease is not ours", async () => {
  const one = lease("unanswered", "one");
  await one.hold();
  await store.call(["SET", "unanswered", "not a hash"]);
  assert.equal(await one.hold(), false);
  assert.equal(one.fence, 0);
});

// Private

function lease(key: string, holder: string, ttl?: number): Lease {
  return new Lease({ store, key, holder, ...(ttl === undefined ? {} : { ttl }) });
}
