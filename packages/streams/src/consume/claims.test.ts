import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { Keys } from "../keys.ts";
import { PRIORITIES } from "../message/message.ts";
import { probe } from "../testing/events.ts";
import { Claims } from "./claims.ts";
import { Delivery, type Source } from "./delivery.ts";
import type { GroupStore } from "./group-store.ts";
import { sourcesOf } from "./source.ts";

const [source] = sourcesOf(new Keys("ns"), new Map([["t", PRIORITIES]]), "g") as [Source];

function delivery(id: string, count = 1, since = 0): Delivery {
  return new Delivery(source, id, "me", count, {}, since);
}

function claims(store: Partial<GroupStore>, onClaimed: (deliveries: readonly Delivery[]) => void = () => {}): Claims {
  const notice = (): void => {};
  const deps = { sources: [source], lease: 300, batch: 16, consumer: () => "me", clock: systemClock };
  return new Claims({ ...deps, store: store as GroupStore, onClaimed, notice });
}

test("holding and dropping in any order leaves exactly the rest", () => {
  const held = claims({});
  const all = Array.from({ length: 10 }, (_, n) => delivery(`${n}-0`));
  for (const one of all) held.hold(one);
  for (const index of [9, 0, 4, 4, 8]) held.drop(all[index] as Delivery);
  assert.deepEqual(
    held.all().map(({ id }) => id).toSorted(), // prettier-ignore
    ["1-0", "2-0", "3-0", "5-0", "6-0", "7-0"],
  );
});

test("our own lapsed lease, taken back by our own sweep, goes on under the new fence and is no crash", async () => {
  const strangers = probe<string>();
  const own = delivery("1-0");
  let claimed = [delivery("1-0", 2, 50), delivery("2-0", 2, 50)];
  const store = {
    claim: async (of: Source) => ({ deliveries: of === source ? claimed.splice(0) : [], vanished: 0 }),
  };
  const held = claims(store, (deliveries) => deliveries.forEach(({ id }) => strangers.add(id)));
  held.hold(own);
  held.start();
  try {
    assert.deepEqual(await strangers.reaches(1), ["2-0"]);
    assert.deepEqual([own.count, own.crashes], [2, 0]);
    assert.ok(own.renewedAt > 0);
  } finally {
    claimed = [];
    await held.stop();
  }
});

test("what a heartbeat finds lost is dropped; a fence that changed while it asked is not", async () => {
  const [kept, lost, changed] = [delivery("1-0"), delivery("2-0"), delivery("3-0")];
  const held = claims({
    extend: async () => {
      changed.count = 2;
      return new Set(["2-0", "3-0"]);
    },
  });
  for (const one of [kept, lost, changed]) held.hold(one);
  await held.extend(1);
  assert.deepEqual([kept.outcome, lost.outcome, changed.outcome], [null, "lost", null]);
  assert.ok(kept.renewedAt > 0);
  assert.deepEqual(held.all().map(({ id }) => id).toSorted(), ["1-0", "3-0"]); // prettier-ignore
});
