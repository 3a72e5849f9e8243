import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, ReadOptions, Tide } from "@tidegate/streams";
import { readPage } from "./message-page.ts";

test("entries of several lanes with the same id are shown once each over pages", async () => {
  const ids = ["5-0", "4-0", "4-0", "4-0", "3-0"];
  const tide = tideWith(ids);
  for (const limit of [1, 2, 3]) {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readPage>> = await readPage(tide, {
        topic: "a",
        limit,
        ...(cursor === null ? {} : { cursor }),
      });
      seen.push(...page.items.map((item) => item.messageId));
      cursor = page.next;
    } while (cursor !== null);
    assert.deepEqual(seen, ["0", "1", "2", "3", "4"], `limit ${limit}`);
  }
});

test("positions are entry ids, unix milliseconds or dates; anything else is refused by name", async () => {
  const asked: ReadOptions[] = [];
  const tide = tideWith([], asked);
  await readPage(tide, { topic: "a", limit: 1, from: "1700000000000", to: "5-1" });
  assert.deepEqual([asked[0]?.from, asked[0]?.to], [new Date(1_700_000_000_000), "5-1"]);
  await assert.rejects(readPage(tide, { topic: "a", limit: 1, to: "soon" }), { code: "INVALID_POSITION", message: /^to is neither/ });
  await assert.rejects(readPage(tide, { topic: "a", limit: 1, cursor: "5-1" }), { code: "INVALID_REQUEST" });
});

/** Newest first; `messageId` is the place in the list. */
function tideWith(ids: readonly string[], asked: ReadOptions[] = []): Tide {
  async function* read(_topic: string, options: ReadOptions): AsyncGenerator<Message> {
    asked.push(options);
    const rows = ids.map((entryId, index) => ({ entryId, messageId: String(index) }) as Message);
    const to = options.to;
    const first = typeof to === "string" ? rows.findIndex((row) => Number.parseInt(row.entryId) <= Number.parseInt(to)) : 0;
    yield* rows.slice(first, first + (options.limit ?? 0));
  }
  return { read } as unknown as Tide;
}
