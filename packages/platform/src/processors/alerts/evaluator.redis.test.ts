/** The judge on a real Redis with a clock of its own: hours of cooldowns, mutes and waiting, in a moment. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect, Lease, type Store, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import type { Alert, AlertDestination, AlertRuleRequest } from "../../contract.ts";
import { PlatformKeys } from "../../redis/keys.ts";
import type { SeriesQuery } from "../metrics/metrics-store.ts";
import { guarded, Processor } from "../processor.ts";
import { AlertKeys } from "./alert-keys.ts";
import { Alerts } from "./alerts.ts";
import { Evaluator } from "./evaluator.ts";
import { isEntryRule } from "./hits.ts";
import { Matcher, movesOf } from "./matcher.ts";
import type { SeriesSource } from "./metric-watch.ts";
import { SHIPPED } from "./shipped.ts";
import type { NotificationMessage } from "./transition.ts";

const bed = new AsyncDisposableStack();
const keys = new PlatformKeys("judge", "");
const alertKeys = new AlertKeys(keys);
const SCRIPT = guarded(new URL("./hits.lua", import.meta.url));
const MINUTE = 60_000;
const HOOK: AlertDestination = { id: "hook", kind: "webhook", enabled: true, min_severity: "low", url: "https://example.org/" };
const RULE: AlertRuleRequest = {
  id: "mine",
  name: "Mine",
  enabled: true,
  condition: { kind: "event", event: "service_failed", by: "service", window: 60 },
  for: 0,
  severity: "high",
  cooldown: 300,
  destinations: [],
};
let tide: Tide;
let store: Store;
let alerts: Alerts;
let lease: Lease;
let evaluator: Evaluator;
let now: number;
/** What the metrics say, by time. */
let value: (at: number) => number | null;

before(async () => {
  const redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "judge", telemetry: false }));
  store = tide.store("test");
  await store.whenUp(5_000);
});
after(() => bed.disposeAsync());

beforeEach(async () => {
  await store.call(["FLUSHALL"]);
  now = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  value = () => null;
  alerts = new Alerts({ store, keys, metrics });
  lease = new Lease({ store, key: "lease", holder: "judge" });
  assert.ok(await lease.hold());
  evaluator = judge(alerts, lease, "judge");
  for (const { id } of SHIPPED.values()) await alerts.rules.enable(id, false);
  await alerts.destinations.put(HOOK, true);
});

test("what came and went between two looks is told, both of it, once for each destination", async () => {
  await alerts.destinations.put({ ...HOOK, id: "other" }, true);
  await alerts.destinations.put({ ...HOOK, id: "deaf", min_severity: "critical" }, true);
  await alerts.destinations.put({ ...HOOK, id: "off", enabled: false }, true);
  await alerts.rules.create({
    ...RULE,
    condition: { kind: "event", event: "service_failed", by: "service", window: 60, resolved_by: ["service_started"] },
  });
  await events(["service_failed", "a"], ["service_started", "a"]);
  await look(1_000);
  assert.deepEqual(await active(), [["mine:a", "firing"]]);
  await look(1_000);
  assert.deepEqual(await active(), []);
  const told = (await notifications()).map(({ destination, notification: { event } }) => `${destination} ${event}`);
  assert.deepEqual(told, ["hook alert_firing", "other alert_firing", "hook alert_resolved", "other alert_resolved"]);
  const { items } = await alerts.table.history({ limit: 10 });
  assert.deepEqual(
    items.map(({ state }) => state),
    ["resolved", "firing"],
  );
  const written = await store.call(["XRANGE", "events:alert:stream", "-", "+"]);
  assert.match(JSON.stringify(written), /alert_firing.*alert_resolved/);
  assert.equal(await store.call(["XLEN", "events:all:stream"]), 4, "two of services, two of alerts");
});

test("a window forgets as time passes, and the alert is forgotten after its cooldown", async () => {
  await alerts.rules.create({ ...RULE, condition: { ...RULE.condition, count: 3 } as AlertRuleRequest["condition"] });
  await events(["service_failed", "a"], ["service_failed", "a"], ["service_failed", "b"]);
  await look(1_000);
  assert.deepEqual(await active(), []);
  await events(["service_failed", "a"]);
  await look(1_000);
  assert.deepEqual(await active(), [["mine:a", "firing"]]);
  await look(57_000);
  assert.deepEqual(await active(), [["mine:a", "firing"]], "a minute is not over");
  await look(5_000);
  assert.deepEqual(await active(), []);
  await look(299_000);
  assert.equal(await store.call(["HLEN", alertKeys.active()]), 1);
  await look(10_000);
  assert.equal(await store.call(["HLEN", alertKeys.active()]), 0);
  await look(2 * MINUTE);
  assert.deepEqual(await windows(), []);
  assert.equal((await notifications()).length, 2);
});

test("within the cooldown it is shown and not told; what outlasts it is told then", async () => {
  await alerts.rules.create(metricRule({}));
  value = () => 100;
  await looks(1);
  value = () => 0;
  await looks(2);
  assert.equal((await notifications()).length, 2);
  value = () => 100;
  await looks(1);
  assert.deepEqual(await active(), [["mine:*", "firing"]]);
  assert.equal((await notifications()).length, 2, "quiet");
  await looks(5);
  assert.deepEqual(
    (await notifications()).map(({ notification: { event } }) => event),
    ["alert_firing", "alert_resolved", "alert_firing"],
  );
});

test("`for`: only what lasts fires; a dip begins it anew", async () => {
  await alerts.rules.create(metricRule({ for: 600 }));
  value = () => 100;
  await looks(9);
  assert.deepEqual(await active(), [["mine:*", "pending"]]);
  value = () => 0;
  await looks(1);
  assert.deepEqual(await active(), []);
  value = () => 100;
  await looks(10);
  assert.deepEqual(await active(), [["mine:*", "pending"]]);
  await looks(1);
  assert.deepEqual(await active(), [["mine:*", "firing"]]);
  assert.equal((await notifications()).length, 1);
});

test("muted and acknowledged ones are shown and not told; a mute that ends, and what becomes worse, is", async () => {
  await alerts.rules.create(metricRule({ severities: [{ where: { field: "value", op: ">=", value: 200 }, severity: "critical" }] }));
  await store.call(["HSET", alertKeys.mutes(), "mine", String(now + 10 * MINUTE)]);
  value = () => 100;
  await looks(5);
  assert.equal((await notifications()).length, 0);
  assert.equal((await alerts.table.get("mine:*")).notified, false);
  await looks(6);
  assert.equal((await notifications()).length, 1, "the mute is over");
  await alerts.table.acknowledge("mine:*", "ada");
  value = () => 200;
  await looks(1);
  const told = await notifications();
  assert.deepEqual(
    told.map(({ notification: { alert } }) => alert.severity),
    ["high", "critical"],
  );
  assert.equal((await alerts.table.get("mine:*")).acknowledged, null, "another alert than the one that was acknowledged");
  await assert.rejects(alerts.table.acknowledge("mine:nobody", "ada"), { code: "UNKNOWN_ALERT" });
});

test("a baseline: three times the usual, and at least so much", async () => {
  const condition = { kind: "metric", metric: "redis_ops", window: 60, op: ">", value: 3, baseline: 600, floor: 50 } as const;
  await alerts.rules.create({ ...metricRule({}), condition });
  const turn = now + 15 * MINUTE;
  value = (at) => (at < turn ? 5 : 40);
  await looks(20);
  assert.equal((await notifications()).length, 0, "eight times as much, but little");
  const later = now + 15 * MINUTE;
  value = (at) => (at < later ? 40 : 200);
  await looks(16);
  const [alert] = await alerts.table.active();
  assert.match(alert?.summary ?? "", /^redis_ops: \d+ 1\/s in 60 s \(> 3 × the \d+ of the 600 s before\)$/);
  await looks(15);
  assert.deepEqual(await active(), [], "it has become usual");
});

test("a rule that is switched off, deleted or given another condition ends its alerts and says why", async () => {
  for (const [act, reason] of [
    [() => alerts.rules.enable("mine", false), "its rule was switched off"],
    [() => alerts.rules.remove("mine"), "its rule was deleted"],
    [() => alerts.rules.put({ ...metricRule({}), condition: { ...METRIC, value: 1_000 } }), "it is 100 now"],
  ] as const) {
    await alerts.rules.put(metricRule({}));
    value = () => 100;
    await looks(10);
    assert.deepEqual(await active(), [["mine:*", "firing"]]);
    await act();
    await looks(1);
    const { items } = await alerts.table.history({ limit: 1 });
    assert.deepEqual([items[0]?.state, items[0]?.reason], ["resolved", reason]);
  }
});

test("subjects are bounded: beyond 200 the rest counts together", async () => {
  await alerts.rules.create(RULE);
  await events(...Array.from({ length: 250 }, (_, n) => ["service_failed", `s${n}`] as const));
  await look(1_000);
  const subjects = (await alerts.table.active()).map(({ subject }) => subject);
  assert.equal(subjects.length, 201);
  assert.ok(subjects.includes("(others)"));
});

test("who does not lead any more changes nothing, and the next goes on without telling twice", async () => {
  await alerts.rules.create(metricRule({}));
  value = () => 100;
  await looks(1);
  const stale = { fence: lease.fence, key: "lease", instance: "judge" };
  await lease.release();
  const next = new Lease({ store, key: "lease", holder: "next" });
  assert.ok(await next.hold());
  value = () => 0;
  now += MINUTE;
  await judge(new Alerts({ store, keys, metrics }), stale, "judge").tick(now);
  assert.deepEqual(await active(), [["mine:*", "firing"]]);
  const heir = judge(new Alerts({ store, keys, metrics }), next, "next");
  value = () => 100;
  await heir.tick((now += MINUTE));
  assert.equal((await notifications()).length, 1);
  value = () => 0;
  await heir.tick((now += MINUTE));
  assert.equal((await notifications()).length, 2);
});

test("no destination: the debt stays until there is one", async () => {
  await alerts.destinations.remove("hook");
  await alerts.rules.create(metricRule({}));
  value = () => 100;
  await looks(3);
  assert.equal((await notifications()).length, 0);
  await alerts.destinations.put(HOOK, true);
  await looks(2);
  assert.equal((await notifications()).length, 1);
});

test("a rule that cannot be judged is said once and holds up no other", async () => {
  const troubles: string[] = [];
  await alerts.rules.create(metricRule({}));
  await alerts.rules.create({ ...RULE, id: "zz" });
  value = () => {
    throw new Error("no metrics today");
  };
  await events(["service_failed", "a"]);
  const own = judge(alerts, lease, "judge", troubles);
  await own.tick((now += MINUTE));
  await own.tick((now += MINUTE));
  assert.deepEqual(troubles, ["rule mine cannot be judged: no metrics today"]);
  assert.deepEqual((await alerts.table.history({ limit: 1, rule: "zz" })).items.length, 1);
});

const METRIC = { kind: "metric", metric: "redis_ops", window: 60, op: ">", value: 50 } as const;

function metricRule(change: Partial<AlertRuleRequest>): AlertRuleRequest {
  return { ...RULE, condition: METRIC, ...change };
}

const metrics: SeriesSource = {
  series({ metric, from, to, step }: SeriesQuery) {
    const values = Array.from({ length: Math.max(0, Math.ceil((to - from) / (step * 1000))) }, (_, n) => value(from + n * step * 1000));
    return Promise.resolve({ metric, step, series: [{ subject: "", from, values }] });
  },
};

function judge(own: Alerts, leader: Pick<Lease, "fence">, instance: string, troubles: string[] = []): Evaluator {
  const view = {
    key: "lease",
    instance,
    get fence(): number {
      return leader.fence;
    },
  };
  const parts = { book: own.rules, table: own.table, destinations: own.destinations };
  return new Evaluator({ store, keys, alertKeys, leader: view, metrics, onTrouble: (message) => void troubles.push(message), ...parts });
}

/** As they come through the processor, at the test's time. */
async function events(...given: (readonly [string, string])[]): Promise<void> {
  const stream = keys.stream("events", "all");
  for (const [type, service] of given) {
    const data = JSON.stringify({ service, kind: "worker", error: "e" });
    await store.call(["XADD", stream, "*", "event_type", type, "component", "c", "timestamp", String(now), "data", data]);
  }
  await alerts.rules.refresh();
  const matcher = new Matcher(alerts.rules.known.filter(({ enabled }) => enabled).filter(isEntryRule));
  const processor = new Processor({
    store,
    keys,
    group: "alert-group",
    stream,
    holder: "test",
    script: SCRIPT,
    effect: (entries) => movesOf(matcher.match(entries), (rule, signature) => alertKeys.hits(rule, signature)),
    onTrouble: (message) => assert.fail(message),
  });
  processor.start();
  while ((await processor.status()).lag > 0) await pause(5);
  await processor.stop();
}

async function look(pause: number): Promise<void> {
  now += pause;
  await lease.hold();
  await evaluator.tick(now);
}

/** So many minutes. */
async function looks(minutes: number): Promise<void> {
  for (let n = 0; n < minutes; n++) await look(MINUTE);
}

async function active(): Promise<[string, Alert["state"]][]> {
  return (await alerts.table.active()).map(({ id, state }) => [id, state]);
}

async function windows(): Promise<unknown> {
  return await store.call(["KEYS", "alerts:hits:*"]);
}

async function notifications(): Promise<NotificationMessage[]> {
  const found: NotificationMessage[] = [];
  for await (const message of tide.read("alert_notifications")) found.push(message.data as NotificationMessage);
  return found;
}
