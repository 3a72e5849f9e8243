import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Store } from "@tidegate/streams";
import { Pages, recordOf } from "./pages.ts";

describe("Pages", () => {
  it("reads a full page once for all groups, wherever in it they stand", async () => {
    const { pages, store, reads } = make(10);
    assert.deepEqual(idsOf(await pages.after(store, "s", "0-0", 4)), ["1-0", "2-0", "3-0", "4-0"]);
    assert.deepEqual(idsOf(await pages.after(store, "s", "0-0", 4)), ["1-0", "2-0", "3-0", "4-0"]);
    assert.deepEqual(idsOf(await pages.after(store, "s", "2-0", 4)), ["3-0", "4-0"]);
    assert.equal(reads(), 1);
    assert.deepEqual(idsOf(await pages.after(store, "s", "4-0", 4)), ["5-0", "6-0", "7-0", "8-0"]);
    assert.equal(reads(), 2);
  });

  it("says whether there was more, also of what it kept", async () => {
    const { pages, store } = make(5);
    assert.equal((await pages.after(store, "s", "0-0", 4)).end, false);
    assert.equal((await pages.after(store, "s", "3-0", 4)).end, false, "the end of a page is not the end of the stream");
    assert.equal((await pages.after(store, "s", "4-0", 4)).end, true);
  });

  it("does not keep a page that was not full: more may have come", async () => {
    const { pages, store, reads } = make(2);
    await pages.after(store, "s", "0-0", 4);
    await pages.after(store, "s", "0-0", 4);
    assert.equal(reads(), 2);
  });

  it("keeps streams apart and decodes an entry once", async () => {
    const { pages, store, reads } = make(4);
    const [one] = (await pages.after(store, "s", "0-0", 4)).entries;
    const [same] = (await pages.after(store, "s", "0-0", 4)).entries;
    await pages.after(store, "other", "0-0", 4);
    assert.equal(reads(), 2);
    assert.ok(one !== undefined && same !== undefined);
    assert.equal(recordOf(one), recordOf(same));
  });
});

/** A stream of so many entries, `1-0` on. */
function make(length: number) {
  let reads = 0;
  const ask = ([, , from = "", , , count]: string[]): Promise<unknown> => {
    reads++;
    const first = Number.parseInt(from.slice(1), 10) + 1;
    const ids = Array.from({ length: Math.max(0, Math.min(Number(count), length - first + 1)) }, (_, at) => `${first + at}-0`);
    return Promise.resolve(ids.map((id) => [id, ["level", "info", "data", "{}"]]));
  };
  return { pages: new Pages(), store: { ask } as unknown as Store, reads: () => reads };
}

function idsOf({ entries }: { entries: readonly { id: string }[] }): string[] {
  return entries.map(({ id }) => id);
}
