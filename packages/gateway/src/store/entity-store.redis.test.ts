import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { GatewayKeys } from "../keys.ts";
import { Cutting } from "../testing/cutting.ts";
import type { Change, Revision } from "./entity.ts";
import { EntityStore } from "./entity-store.ts";

interface Box {
  readonly n: number;
}

const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("storetest", "");
let redis: RedisServer;
let tide: Tide;
let store: EntityStore;

before(async () => {
  redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url }));
  store = await open(tide);
});

after(() => bed.disposeAsync());

test("an entity is made, changed over the version it was read at, and removed; the same name goes on counting", async () => {
  const boxes = store.table<Box>("external_service");
  const made = await boxes.create("web", { n: 1 }, "ann");
  assert.deepEqual(made, await boxes.get("web"));
  const changed = await boxes.put(made, { n: 2 }, "ben");
  assert.deepEqual([changed.version, changed.by, changed.created_at], [2, "ben", made.created_at]);
  await assert.rejects(boxes.put(made, { n: 3 }, "ann"), { code: "VERSION_CONFLICT", message: /has version 2 and not 1/ });
  await assert.rejects(boxes.create("web", { n: 3 }, "ann"), { code: "NAME_TAKEN" });
  await boxes.remove(changed, "ann");
  assert.equal(await boxes.get("web"), null);
  await assert.rejects(boxes.put(changed, { n: 4 }, "ann"), { code: "UNKNOWN_ENTITY" });
  await assert.rejects(boxes.remove(changed, "ann"), { code: "UNKNOWN_ENTITY" });
  assert.equal((await boxes.create("web", { n: 5 }, "ann")).version, 4);
  const past = await boxes.revisions("web");
  assert.deepEqual(
    past.map(({ version, change, by, data }) => [version, change, by, data]),
    [
      [4, "created", "ann", { n: 5 }],
      [3, "deleted", "ann", null],
      [2, "updated", "ben", { n: 2 }],
      [1, "created", "ann", { n: 1 }],
    ],
  );
  assert.deepEqual((await boxes.revision("web", 2)).data, { n: 2 });
  await assert.rejects(boxes.revision("web", 9), { code: "UNKNOWN_REVISION" });
});

test("changes that happen together happen all or not at all, with their events, in the trace they were made in", async () => {
  const event = { type: "route_created", data: { route: "a", path: "/" } } as const;
  const some: Change[] = [
    { kind: "route", name: "a", expect: 0, data: { n: 1 }, events: [event] },
    { kind: "target", name: "*.example.com", expect: 0, data: { n: 1 } },
  ];
  await assert.rejects(store.change([...some, { kind: "target", name: "gone", expect: 3, data: { n: 1 } }], "ann"), {
    code: "UNKNOWN_ENTITY",
  });
  assert.deepEqual([await store.table("route").list(), await events()], [[], []]);
  const trace = await tide.trace("try", async (span) => {
    assert.deepEqual(await store.change(some, "ann"), [1, 1]);
    return span.traceId;
  });
  const [told] = await events();
  assert.equal(told?.["trace_id"], trace);
  assert.deepEqual([told["event_type"], (JSON.parse(told["data"] ?? "") as { path: string }).path], ["route_created", "/"]);
  const { items } = await store.changes({ limit: 2 });
  assert.deepEqual(
    items.map(({ kind, name, version, trace: of, data }) => [kind, name, version, of, data]),
    [
      ["target", "*.example.com", 1, trace, undefined],
      ["route", "a", 1, trace, undefined],
    ],
  );
});

test("at most 256 changes happen together, each of another entity, under names that need no escaping", async () => {
  const many = Array.from({ length: 256 }, (_, n): Change => ({ kind: "port", name: `tcp/${n}`, expect: 0, data: { n }, revision: false }));
  assert.equal((await store.change(many, "ann")).length, 256);
  assert.deepEqual(await store.table("port").revisions("tcp/7"), []);
  await assert.rejects(store.change([...many, { kind: "port", name: "udp/1", expect: 0, data: {} }], "ann"), RangeError);
  await assert.rejects(store.change([many[0] as Change, { ...(many[0] as Change), expect: 1 }], "ann"), RangeError);
  for (const name of ["", 'a"b', "a b", "-a", "ä", "a\\b", "x".repeat(256)])
    await assert.rejects(store.table("token").create(name, {}, "ann"), { code: "INVALID_NAME" });
});

test("pages come in order of names and contain each entity once", async () => {
  const table = store.table<Box>("certificate");
  const names = Array.from({ length: 1_203 }, (_, n) => `host-${n}`);
  await Promise.all(names.map((name, n) => table.create(name, { n }, "ann")));
  const sorted = names.toSorted((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(
    (await table.list()).map(({ name }) => name),
    sorted,
  );
  const page = await table.list({ after: sorted[9] ?? "", limit: 3 });
  assert.deepEqual(
    page.map(({ name }) => name),
    sorted.slice(10, 13),
  );
});

test("updates of many at once are all made, each over the other", async () => {
  await using other = await elsewhere(redis.url);
  await store.table<Box>("service").create("counter", { n: 0 }, "ann");
  const add = (of: EntityStore): Promise<unknown> => of.table<Box>("service").update("counter", "ann", ({ n }) => ({ data: { n: n + 1 } }));
  await Promise.all(Array.from({ length: 30 }, (_, n) => add(n % 2 === 0 ? store : other.store)));
  const after = await store.table<Box>("service").get("counter");
  assert.deepEqual([after?.data.n, after?.version], [30, 31]);
  const still = await store.table<Box>("service").update("counter", "ann", () => null);
  assert.equal(still.version, 31);
  await assert.rejects(
    store.table<Box>("service").update("nobody", "ann", () => null),
    { code: "UNKNOWN_ENTITY" },
  );
});

test("of one entity 50 revisions are kept, of a deleted one for 30 days, and of the stream of changes the newest", async () => {
  const table = store.table<Box>("token");
  let box = await table.create("many", { n: 0 }, "ann");
  for (let n = 1; n < 60; n++) box = await table.put(box, { n }, "ann");
  assert.deepEqual([(await table.revisions("many")).length, (await table.revisions("many")).at(-1)?.version], [50, 11]);
  const raw = tide.store("look");
  assert.equal(await raw.ask(["TTL", keys.entityRevisions("token", "many")]), -1);
  await table.remove(box, "ann");
  const left = Number(await raw.ask(["TTL", keys.entityRevisions("token", "many")]));
  assert.ok(left > 29 * 86_400 && left <= 30 * 86_400, `${left} s`);
  await table.create("many", { n: 0 }, "ann");
  assert.equal(await raw.ask(["TTL", keys.entityRevisions("token", "many")]), -1);
  raw.close();
});

test("a change whose answer was lost is made once, and its caller hears of it", async () => {
  await using cutting = await Cutting.before(redis.port);
  await using cut = await elsewhere(cutting.url);
  const table = cut.store.table<Box>("service");
  let box = await table.create("lost", { n: 0 }, "ann");
  const others = async (round: number): Promise<void> => {
    for (let n = 0; n < 150; n++) await cut.store.table<Box>("target").create(`other-${round}-${n}`, { n }, "ann");
  };
  for (let n = 1; n <= 5; n++) {
    cutting.cutAfter("entity:answers:");
    const [changed, refused] = await Promise.allSettled([
      table.put(box, { n }, "ann", { type: "service_updated", data: { service: "lost", kind: "test" } }),
      table.create("lost", { n }, "ann"),
      // So many calls meanwhile that a short memory would have forgotten the lost one.
      others(n),
    ]);
    assert.equal(cutting.cuts, n, "the answer was thrown away");
    assert.ok(changed.status === "fulfilled");
    assert.equal((refused as PromiseRejectedResult).reason.code, "NAME_TAKEN");
    box = changed.value;
    assert.deepEqual(await table.get("lost"), box);
  }
  assert.equal(box.version, 6);
  assert.equal((await events()).filter((event) => event["event_type"] === "service_updated").length, 5);
});

test("a follower hears null first, then each change of its kinds, and null again after a gap", async () => {
  await using cutting = await Cutting.before(redis.port);
  await using away = await elsewhere(cutting.url);
  const table = store.table<Box>("route");
  const heard: (Revision | null)[] = [];
  const rest = (from: number): (Revision | null)[] => heard.slice(from);
  let wake = (): void => {};
  const reaches = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const stop = new AbortController();
  const onChange = (change: Revision | null): void => (heard.push(change), wake());
  await away.store.follow(["route"], onChange, stop.signal);
  assert.deepEqual(rest(0), [null]);
  let box = await table.create("followed", { n: 1 }, "ann");
  await store.table("target").create("unheard", {}, "ann");
  box = await table.put(box, { n: 2 }, "ben");
  await reaches(3);
  assert.deepEqual(
    rest(1).map((change) => [change?.name, change?.version, change?.change, change?.by]),
    [
      ["followed", 1, "created", "ann"],
      ["followed", 2, "updated", "ben"],
    ],
  );
  cutting.cutNow();
  await reaches(4);
  assert.equal(heard[3], null, "what happened while it was cut off is not known");
  // One step of Redis: the follower cannot read the first before it is trimmed.
  const raw = tide.store("trim");
  await raw.whenUp(10_000);
  const line = (version: number): string => JSON.stringify({ kind: "route", name: "followed", version, change: "updated" });
  const script = "for i = 1, 3 do redis.call('XADD', KEYS[1], '*', 'change', ARGV[i]) end redis.call('XTRIM', KEYS[1], 'MAXLEN', '2')";
  await raw.call(["EVAL", script, "1", keys.entityChanges(), line(3), line(4), line(5)]);
  raw.close();
  await reaches(5);
  assert.equal(heard[4], null);
  await table.put(box, { n: 3 }, "ann");
  await reaches(6);
  assert.equal(rest(5)[0]?.by, "ann");
  stop.abort();
});

test("without Redis a read fails with a reason, and the store says that it is not healthy", async () => {
  await using gone = await startRedis();
  await using alone = await elsewhere(gone.url);
  assert.deepEqual(alone.store.health(), { healthy: true });
  await gone.stop();
  await assert.rejects(alone.store.table("service").get("x"), { code: "REDIS_UNREACHABLE" });
  assert.equal(alone.store.health().healthy, false);
});

// Private

async function open(over: Tide): Promise<EntityStore> {
  const vault = { check: () => Promise.resolve(), problem: null };
  const opened = new EntityStore({ tide: () => over, keys, vault });
  await opened.start();
  return opened;
}

/** As another process has it. */
async function elsewhere(url: string): Promise<{ store: EntityStore } & AsyncDisposable> {
  const own = await connect({ url });
  return { store: await open(own), [Symbol.asyncDispose]: () => own.close({ deadline: 0 }) };
}

/** Oldest first. */
async function events(): Promise<Record<string, string>[]> {
  const raw = tide.store("events");
  const entries = (await raw.ask(["XRANGE", "events:all:stream", "-", "+"])) as unknown as [string, string[]][];
  raw.close();
  return entries.map(
    ([, fields]) =>
      Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : []))) as Record<string, string>,
  );
}
