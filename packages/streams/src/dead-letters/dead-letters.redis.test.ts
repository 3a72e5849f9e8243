import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "@redis/client";
import { connect, Unrecoverable, type Message, type Notice, type Settlement, type Tide } from "../index.ts";
import { probe, until } from "../testing/events.ts";
import { startRedis, type RedisServer } from "../testing/redis-server.ts";

interface Bed extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly tide: Tide;
  /** Sends one command past the library. */
  readonly raw: (...args: string[]) => Promise<unknown>;
}

async function bed(options: Parameters<typeof connect>[0] = {}): Promise<Bed> {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const client = createClient({ url: redis.url });
  client.on("error", () => {});
  await client.connect();
  stack.defer(() => client.destroy());
  const tide = stack.use(await connect({ url: redis.url, namespace: "t", ...options }));
  return { redis, tide, raw: (...args) => client.sendCommand(args), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Publishes what must die and waits until it has: the text of each is its own error. */
async function bury(
  tide: Tide,
  topic: string,
  letters: readonly { type: string; data?: unknown; text: string; code?: string }[],
): Promise<void> {
  const settled = probe<Settlement>();
  const consumer = await tide.consume(topic, { onSettled: settled.add, concurrency: 1 }, ({ data }) => {
    const { text, code } = data as { text: string; code?: string };
    throw new Unrecoverable(text, code === undefined ? {} : { code });
  });
  await tide.publishMany(
    topic,
    letters.map(({ type, text, code, data }) => ({ type, data: { text, code, data } })),
  );
  await settled.reaches(letters.length);
  await consumer.stop();
}

/** A letter as another program writes it: no index, no signature. */
function foreign(raw: Bed["raw"], id: string, more: Record<string, string> = {}): Promise<unknown> {
  const fields = {
    event_type: "old",
    data: "{}",
    message_id: `m${id}`,
    original_stream: "t:orders:events",
    status: "dead_letter",
    ...more,
  };
  return raw("XADD", "t:dead_letter:events", id, ...Object.entries(fields).flat());
}

test("failures that differ in numbers and ids only are one kind, and each filter finds its own", async () => {
  await using b = await bed();
  await bury(b.tide, "orders", [
    { type: "placed", text: "no user 41" },
    { type: "placed", text: "no user 42" },
    { type: "placed", text: "no address", code: "ADDRESS" },
    { type: "paid", text: "no user 43" },
  ]);
  const { deadLetters } = b.tide;
  const kinds = await deadLetters.groups();
  assert.deepEqual(kinds.map(({ count, eventType, errorCode }) => `${count} ${eventType} ${errorCode}`).toSorted(), [
    "1 paid UNRECOVERABLE",
    "1 placed ADDRESS",
    "2 placed UNRECOVERABLE",
  ]);
  assert.equal(await deadLetters.count({ eventType: "placed" }), 3);
  assert.equal(await deadLetters.count({ errorCode: "ADDRESS" }), 1);
  assert.equal(await deadLetters.count({ group: "nobody" }), 0);
  const signature = kinds[0]?.signature ?? "";
  const same = await deadLetters.list({ signature });
  assert.deepEqual(
    same.items.map(({ errorMessage }) => errorMessage),
    ["no user 42", "no user 41"],
  );
  assert.equal(same.items[0]?.raw["signature"], signature);
  assert.equal((await deadLetters.list({ text: "ADDRess" })).items.length, 1);
  const middle = (await deadLetters.list({})).items.map(({ id }) => Number(id.split("-")[0]));
  const [newest = 0, oldest = 0] = [middle[0], middle.at(-1)];
  assert.equal(await deadLetters.count({ from: oldest, to: newest }), 4);
  assert.equal(await deadLetters.count({ from: newest + 1 }), 0);
  assert.equal((await deadLetters.list({ topic: "orders", to: oldest - 1 })).items.length, 0);
});

test("pages through several kinds follow each other in the order of the stream, also within one millisecond", async () => {
  await using b = await bed({ retention: false });
  const ids = Array.from({ length: 37 }, (_, n) => `${1_700_000_000_000 + Math.floor(n / 15)}-${n}`);
  for (const [n, id] of ids.entries())
    await foreign(b.raw, id, { group: "g", error_code: `E${n % 3}`, error_message: "x", attempts: "[]" });
  const seen: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await b.tide.deadLetters.list({ topic: "orders", limit: 4, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map(({ id }) => id));
    if (page.next === null) break;
    cursor = page.next;
  }
  assert.deepEqual(seen, ids.toReversed());
  const forward = await Array.fromAsync(b.tide.deadLetters.iterate({ group: "g" }));
  assert.deepEqual(
    forward.map(({ id }) => id),
    ids,
  );
});

test("letters of other programs are adopted; one without its group is listed, refused by id and left by a filter", async () => {
  await using b = await bed({ retention: false });
  await b.raw("XADD", "t:dead_letter:events", "0-1", "event_type", "dead_letter_initialized", "service", "x");
  await foreign(b.raw, "1700000000000-0");
  await bury(b.tide, "orders", [{ type: "placed", text: "no" }]);
  await foreign(b.raw, `${Date.now() + 1_000}-0`);
  assert.deepEqual(
    (await b.tide.deadLetters.groups()).map(({ count, eventType, group }) => [count, eventType, group]),
    [
      [2, "old", ""],
      [1, "placed", "orders_processors"],
    ],
  );
  await assert.rejects(b.tide.deadLetters.replay({ ids: ["1700000000000-0"] }), { code: "UNKNOWN_GROUP" });
  assert.deepEqual(await b.tide.deadLetters.replay({ topic: "orders" }), { replayed: 1, skipped: 2 });
  assert.equal(await b.tide.deadLetters.count({ topic: "orders" }), 2);
  assert.deepEqual(await b.tide.deadLetters.discard({ eventType: "old" }), { discarded: 2 });
  assert.deepEqual(await b.tide.deadLetters.groups(), []);
});

test("the mark moves on with our own letters, so nobody looks for foreign ones in vain", async () => {
  await using b = await bed();
  await bury(b.tide, "orders", [
    { type: "placed", text: "a" },
    { type: "placed", text: "b" },
  ]);
  const mark = await b.raw("HGET", "t:dead_letter:index", "~adopted");
  const [newest] = (await b.tide.deadLetters.list()).items;
  assert.equal(mark, newest?.id);
});

test("groups over 100,000 letters read kinds and no letters", async () => {
  await using b = await bed({ retention: false });
  await b.raw("EVAL", MANY, "2", "t:dead_letter:events", "t:dead_letter:index", "100000");
  assert.equal(await b.tide.deadLetters.count(), 100_000);
  await b.raw("CONFIG", "RESETSTAT");
  const kinds = await b.tide.deadLetters.groups({ topic: "orders" });
  assert.equal(kinds.length, 100);
  assert.equal(await b.tide.deadLetters.count({ group: "g7" }), 1_000);
  assert.equal(
    (await b.tide.deadLetters.groups({ from: 1_700_000_050_000 })).reduce((sum, { count }) => sum + count, 0),
    50_000,
  );
  const calls = commandCalls(String(await b.raw("INFO", "commandstats")));
  const all = [...calls.values()].reduce((sum, n) => sum + n, 0);
  assert.ok((calls.get("xrange") ?? 0) <= 3, `xrange was called ${calls.get("xrange")} times`);
  assert.ok(all < 1_000, `${all} commands: ${JSON.stringify([...calls])}`);
  await b.raw("CONFIG", "RESETSTAT");
  assert.equal((await b.tide.deadLetters.list({ group: "g7", limit: 20 })).items.length, 20);
  const listed = commandCalls(String(await b.raw("INFO", "commandstats")));
  assert.ok((listed.get("xrange") ?? 0) <= 25, `a page of 20 read ${listed.get("xrange")} letters`);
});

/** Letters in 100 kinds, one each millisecond. */
const MANY = `
local kinds = {}
for n = 0, tonumber(ARGV[1]) - 1 do
  local kind = n % 100
  local id = string.format('%.0f-0', 1700000000000 + n)
  redis.call('XADD', KEYS[1], id, 'event_type', 'placed', 'data', '{}', 'original_stream', 't:orders:events', 'original_id', id,
    'group', 'g' .. kind, 'error_code', 'E', 'error_message', 'x', 'attempts', '[]', 'signature', string.format('%016x', kind))
  redis.call('ZADD', 't:dead_letter:kind:' .. string.format('%016x', kind), string.format('%.0f', 1700000000000 + n), id)
  redis.call('HSET', KEYS[2], '~adopted', id)
end
for kind = 0, 99 do
  local first, last = 1700000000000 + kind, 1700000000000 + tonumber(ARGV[1]) - 100 + kind
  redis.call('HSET', KEYS[2], string.format('%016x', kind), string.format('%d %.0f %.0f ', tonumber(ARGV[1]) / 100, first, last)
    .. '{"topic":"orders","group":"g' .. kind .. '","eventType":"placed","errorCode":"E","errorMessage":"x"}')
end`;

function commandCalls(info: string): Map<string, number> {
  return new Map([...info.matchAll(/^cmdstat_(\w+)[^:]*:calls=(\d+)/gm)].map(([, name = "", calls]) => [name, Number(calls)]));
}

test("an edited letter is delivered as edited, once, to its group, with its id and its attempts", async () => {
  await using b = await bed();
  await bury(b.tide, "orders", [{ type: "placed", text: "bad price" }]);
  const [letter] = (await b.tide.deadLetters.list()).items;
  assert.ok(letter?.message);
  assert.equal(letter.attempts.length, 1);
  assert.match(letter.attempts[0]?.stack ?? "", /bad price/);
  const ids = [letter.id];
  await assert.rejects(b.tide.deadLetters.replay({ ids }, { edit: { data: { n: 1n } } }), { code: "INVALID_MESSAGE" });
  await assert.rejects(b.tide.deadLetters.replay({ ids }, { edit: { type: "" } }), { code: "INVALID_MESSAGE" });
  assert.equal(await b.tide.deadLetters.count(), 1);
  assert.deepEqual(await b.tide.deadLetters.replay({ ids }, { edit: { type: "placed_v2", data: { price: 3 } } }), {
    replayed: 1,
    skipped: 0,
  });
  assert.deepEqual(await b.raw("KEYS", "t:dead_letter:kind:*"), [], "the script has taken it out of the index");
  const got = probe<{ message: Message; attempt: number }>();
  const settled = probe<Settlement>();
  const consumer = await b.tide.consume("orders", { onSettled: settled.add }, (message, { attempt }) => {
    got.add({ message, attempt });
    if (got.seen.length === 1) throw new Unrecoverable("again");
  });
  await settled.reaches(1);
  await consumer.stop();
  const [{ message, attempt } = { message: letter.message, attempt: 0 }] = got.seen;
  assert.deepEqual([message.type, message.data, message.messageId], ["placed_v2", { price: 3 }, letter.message.messageId]);
  assert.deepEqual([message.retryCount, attempt, message.entryId], [0, 1, letter.originalId]);
  const [again] = (await b.tide.deadLetters.list()).items;
  assert.deepEqual(
    again?.attempts.map(({ error }) => error),
    ["bad price", "again"],
  );
});

test("two replays at once move each letter once", async () => {
  await using b = await bed({ retention: false });
  await using other = await connect({ url: b.redis.url, namespace: "t", retention: false });
  const letters = 300;
  for (let n = 0; n < letters; n++) await foreign(b.raw, `170000000${1000 + n}-0`, { group: "g", error_code: "E", attempts: "[]" });
  const answers = await Promise.all([b.tide, other, b.tide].map((tide) => tide.deadLetters.replay({ group: "g" })));
  assert.equal(
    answers.reduce((sum, { replayed }) => sum + replayed, 0),
    letters,
  );
  assert.equal(await b.raw("XLEN", "t:orders:retry:g:events"), letters);
  assert.deepEqual(await b.tide.deadLetters.groups(), []);
  assert.deepEqual(await b.raw("KEYS", "t:dead_letter:kind:*"), []);
});

test("letters past their time go, counted; those with an hour left are announced once over all processes", async () => {
  await using b = await bed({ retention: false });
  const ttl = 86_400;
  const now = Date.now();
  const at = (msLeft: number, n: number): string => `${now - ttl * 1_000 + msLeft}-${n}`;
  const add = (id: string): Promise<unknown> => foreign(b.raw, id, { group: "g", error_code: "E", attempts: "[]" });
  for (let n = 0; n < 5; n++) await add(at(-60_000 + n, 0));
  for (let n = 0; n < 3; n++) await add(at(50 * 60_000 + n, 0));
  for (let n = 0; n < 2; n++) await add(at(90 * 60_000 + n, 0));
  await add(at(10 * 3_600_000, 0));
  const notices = probe<Notice>();
  const onNotice = ({ code, ...rest }: Notice): void => void (code.startsWith("dead_letter") && notices.add({ code, ...rest }));
  const options = { url: b.redis.url, namespace: "t", deadLetterTtl: ttl, onNotice };
  {
    await using _one = await connect(options);
    await using _two = await connect(options);
    await notices.reaches(2);
    await until("only the living are left", async () => (await b.tide.deadLetters.count({ group: "g" })) === 6);
  }
  {
    await using _three = await connect(options);
    await until("it has looked", async () => Number(commandCalls(String(await b.raw("INFO", "commandstats"))).get("time")) >= 3);
  }
  const of = (code: string): Record<string, unknown>[] => notices.seen.filter((n) => n.code === code).map(({ detail }) => ({ ...detail }));
  const gone = of("dead_letter_expired");
  assert.equal(
    gone.reduce((sum, { expired }) => sum + Number(expired), 0),
    5,
  );
  const [said, ...more] = of("dead_letters_expiring");
  assert.equal(more.length, 0);
  assert.equal(said?.["expiring"], 5, "those within the hour and those of the hour after it");
  assert.equal(said?.["at"], now + 50 * 60_000);
});

test("a stream another program deleted leaves no counts behind", async () => {
  await using b = await bed({ retention: false });
  await bury(b.tide, "orders", [{ type: "placed", text: "a" }]);
  await b.raw("DEL", "t:dead_letter:events");
  assert.deepEqual((await b.tide.deadLetters.list({ topic: "orders" })).items, []);
  assert.deepEqual(await b.tide.deadLetters.groups(), []);
});

test("a field may be called __proto__: letter and replay keep it", async () => {
  await using b = await bed();
  const seen = probe<Message>();
  let dying = true;
  await using _ = await b.tide.consume("odd", (message) => {
    if (dying) throw new Unrecoverable("no");
    seen.add(message);
  });
  await b.raw("XADD", "t:odd:events", "*", "event_type", "x", "data", "1", "__proto__", "kept");
  await until("it has died", async () => (await b.tide.deadLetters.count()) === 1);
  const [letter] = (await b.tide.deadLetters.list()).items;
  assert.deepEqual(Object.getOwnPropertyDescriptor(letter?.raw, "__proto__")?.value, "kept");
  assert.deepEqual(Object.getOwnPropertyDescriptor(letter?.message?.extra, "__proto__")?.value, "kept");
  dying = false;
  await b.tide.deadLetters.replay({});
  const [again] = await seen.reaches(1);
  assert.deepEqual(Object.getOwnPropertyDescriptor(again?.extra, "__proto__")?.value, "kept");
});
