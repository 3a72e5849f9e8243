import assert from "node:assert/strict";
import { test } from "node:test";
import { Keys } from "../keys.ts";
import { PRIORITIES } from "../message/message.ts";
import { Delivery } from "./delivery.ts";
import { sourcesOf, takeNext } from "./source.ts";

test("with all lanes waiting, handlers are shared 8 : 4 : 2 : 1, and nobody waits for ever", () => {
  const sources = sourcesOf(new Keys("ns"), new Map([["t", PRIORITIES]]), "g").filter(({ retry }) => !retry);
  for (const source of sources) for (let n = 0; n < 1_500; n++) source.buffer.push(new Delivery(source, `${n}-0`, "c", 1, {}, 0));
  const taken = new Map<string, number>();
  for (let n = 0; n < 1_500; n++) {
    const lane = takeNext(sources)?.source.lane ?? "none";
    taken.set(lane, (taken.get(lane) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(taken), { critical: 800, high: 400, normal: 200, low: 100 });
});

test("a critical message that arrives late is next but one at most", () => {
  const sources = sourcesOf(new Keys("ns"), new Map([["t", PRIORITIES]]), "g");
  const [critical, low] = [sources[0], sources[3]];
  assert.ok(critical !== undefined && low !== undefined);
  for (let n = 0; n < 100; n++) low.buffer.push(new Delivery(low, `${n}-0`, "c", 1, {}, 0));
  for (let n = 0; n < 50; n++) takeNext(sources);
  critical.buffer.push(new Delivery(critical, "1-1", "c", 1, {}, 0));
  const lanes = [takeNext(sources), takeNext(sources)].map((delivery) => delivery?.source.lane);
  assert.ok(lanes.includes("critical"));
});

test("nothing waiting, nothing taken", () => {
  assert.equal(takeNext(sourcesOf(new Keys("ns"), new Map([["t", PRIORITIES]]), "g")), undefined);
});
