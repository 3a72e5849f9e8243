/** Alerts through REST: rules, destinations, what is told and how often, and what is never told. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type {
  Alert,
  AlertDestination,
  AlertDestinationsAnswer,
  AlertPreviewAnswer,
  AlertRule,
  AlertTestAnswer,
  OrchestratorAlertsAnswer,
  Problem,
} from "../contract.ts";
import { AlertBed, AlertProcess, SECRET, until } from "./testing/alert-bed.ts";

let bed: AlertBed;

before(async () => {
  bed = await AlertBed.open();
});
after(() => bed[Symbol.asyncDispose]());

const MINE = {
  id: "mine",
  name: "Mine",
  condition: { kind: "log", level: "warn", by: "component", window: 60 },
  severity: "high",
};

test("bad rules are refused with what is wrong, where, and what is allowed", async () => {
  const metric = { kind: "metric", metric: "group_lag", window: 60, op: ">", value: 1 };
  const event = { kind: "event", event: "service_failed", window: 60 };
  const cases: [object, RegExp][] = [
    [{ ...MINE, id: "Bad Id" }, /id: must be up to 64/],
    [{ ...MINE, condition: { ...metric, metric: "group_lagg" } }, /condition\.metric: is no metric: "group_lagg"; there are .*group_lag/],
    [{ ...MINE, condition: { ...metric, window: 0 } }, /condition\.window: must be at least 1 s/],
    [{ ...MINE, condition: { ...metric, window: 1e9 } }, /condition\.window: must be at most/],
    [{ ...MINE, condition: { ...metric, op: "~" } }, /condition\.op/],
    [{ ...MINE, condition: { ...metric, floor: 3 } }, /floor is only for a rule with a baseline/],
    [{ ...MINE, condition: { ...metric, metric: "redis_memory", subject: "x" } }, /only the subject \*/],
    [{ ...MINE, condition: { ...event, event: "certificate_failed" } }, /nothing publishes the event "certificate_failed"/],
    [{ ...MINE, condition: { ...event, event: "alert_firing" } }, /watch alerts with alerts/],
    [{ ...MINE, condition: { ...event, resolved_by: ["service_healed"] } }, /"service_healed"/],
    [{ ...MINE, condition: { ...event, by: "sevrice" } }, /service_failed has no field "sevrice"/],
    [{ ...MINE, condition: { kind: "sql" } }, /condition/],
    [{ ...MINE, severity: "fatal" }, /severity/],
    [{ ...MINE, condition: metric, severities: [{ where: { field: "lag", op: ">", value: 1 }, severity: "low" }] }, /cannot look at "lag"/],
    [{ ...MINE, typo: true }, /typo/],
  ];
  for (const [rule, words] of cases) {
    const { status, body } = await bed.ask<Problem>("POST", "/alerts/rules", rule);
    assert.equal(status, 400, JSON.stringify(rule));
    assert.match(body.detail, words);
    const preview = await bed.ask<Problem>("POST", "/alerts/rules/preview", rule);
    assert.equal(preview.status, 400);
  }
});

test("a rule's life: made, changed, switched, removed; shipped ones can be changed and reset, not removed", async () => {
  const made = await bed.ask<AlertRule>("POST", "/alerts/rules", MINE);
  assert.equal(made.status, 201);
  assert.deepEqual([made.body.enabled, made.body.cooldown, made.body.for, made.body.builtin], [true, 300, 0, false]);
  assert.equal((await bed.ask<Problem>("POST", "/alerts/rules", MINE)).body.code, "ALERT_RULE_EXISTS");
  const changed = await bed.change("mine", () => ({ cooldown: 0 }));
  assert.ok(changed.version > made.body.version);
  assert.equal((await bed.ask<AlertRule>("POST", "/alerts/rules/mine/disable")).body.enabled, false);
  assert.equal((await bed.ask("PUT", "/alerts/rules/other", { ...MINE })).status, 400);
  assert.equal((await bed.ask("DELETE", "/alerts/rules/mine")).status, 204);
  assert.equal((await bed.ask<Problem>("GET", "/alerts/rules/mine")).body.code, "UNKNOWN_ALERT_RULE");

  await bed.change("dead-letters", () => ({ severity: "low" }));
  assert.equal((await bed.ask<Problem>("DELETE", "/alerts/rules/dead-letters")).body.code, "SHIPPED_RULE");
  assert.equal((await bed.ask<AlertRule>("POST", "/alerts/rules/dead-letters/reset")).body.severity, "high");
});

test("destinations: private addresses need a word, secrets are never shown, and come back by leaving them alone", async () => {
  for (const url of [
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://[::ffff:127.0.0.1]/",
    "http://169.254.169.254/x",
    "http://localhost:1/",
  ]) {
    const { status, body } = await bed.ask<Problem>("POST", "/alerts/destinations", { id: "bad", kind: "webhook", url });
    assert.deepEqual([status, body.code], [400, "WEBHOOK_TARGET_FORBIDDEN"], url);
  }
  for (const given of [
    { ...bed.hook, url: "file:///etc/passwd" },
    { ...bed.mail, smtp: "http://x/" },
    { ...bed.mail, to: ["nobody"] },
  ])
    assert.equal((await bed.ask("POST", "/alerts/destinations", given)).status, 400);

  for (const given of [bed.hook, bed.mail, { ...bed.hook, id: "chat", kind: "slack", secret: undefined }]) {
    const made = await bed.ask("POST", "/alerts/destinations", given);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.ok(!JSON.stringify(made.body).includes(SECRET));
  }
  const { body } = await bed.ask<AlertDestinationsAnswer>("GET", "/alerts/destinations");
  assert.ok(!JSON.stringify(body).includes(SECRET), JSON.stringify(body));
  for (const { last: _, ...shown } of body.items) {
    const put = await bed.ask<AlertDestination>("PUT", `/alerts/destinations/${shown.id}`, { ...shown, min_severity: "medium" });
    assert.equal(put.status, 200, JSON.stringify(put.body));
    assert.deepEqual((await bed.ask<AlertTestAnswer>("POST", `/alerts/destinations/${shown.id}/test`)).body.ok, true, shown.id);
  }
  assert.equal(bed.chat.at(-1)?.text, "Test: Test of a destination");
  assert.ok(
    bed.hooked.some(({ genuine, notification }) => genuine && notification.event === "test"),
    "still signed with the same secret",
  );
  const broken = await bed.ask<Problem>("PUT", "/alerts/destinations/hook", { ...bed.hook, url: "https://other.example/…" });
  assert.equal(broken.body.code, "INVALID_ALERT_DESTINATION");
});

test("the test button says what happened, without secrets", async () => {
  bed.answer = () => 503;
  const { body } = await bed.ask<AlertTestAnswer>("POST", "/alerts/destinations/hook/test");
  bed.answer = () => 200;
  assert.deepEqual([body.ok, body.detail], [false, "answered 503"]);
  await bed.ask("PUT", "/alerts/destinations/wrong", {
    ...bed.mail,
    id: "wrong",
    smtp: bed.mail.kind === "email" ? bed.mail.smtp.replace(SECRET, "a-wrong-one") : "",
  });
  const wrong = await bed.ask<AlertTestAnswer>("POST", "/alerts/destinations/wrong/test");
  assert.equal(wrong.body.ok, false);
  assert.match(wrong.body.detail, /535|credentials/i);
  assert.doesNotMatch(wrong.body.detail, /a-wrong-one/);
  await bed.ask("DELETE", "/alerts/destinations/wrong");
});

test("a broken destination is tried again with the same delivery id, and holds up no other", async () => {
  await bed.ask("POST", "/alerts/rules", MINE);
  let refusals = 2;
  bed.answer = ({ event, alert }) => (event !== "test" && alert.id === "mine:shop" && refusals-- > 0 ? 500 : 200);
  const mails = bed.mails.length;
  await rules();
  bed.tide.logger("shop").warn("odd", { token: "not-to-be-seen" });
  await until("a mail", () => bed.mails.length > mails);
  await until("three attempts", () => attempts("mine:shop").length === 3);
  const ids = new Set(attempts("mine:shop").map(({ headers }) => headers["x-tidegate-delivery"]));
  assert.equal(ids.size, 1);
  assert.ok(attempts("mine:shop").every(({ genuine }) => genuine));
  const { body } = await bed.ask<Alert>("GET", `/alerts/${encodeURIComponent("mine:shop")}`);
  assert.deepEqual([body.state, body.notified, body.subject], ["firing", true, "shop"]);
  await until("the chat was told", () => bed.chat.some(({ text }) => text === "HIGH: Mine: shop"));
});

test("a notification that is known to have arrived is not sent again, whatever is replayed", async () => {
  const before = bed.hooked.length;
  await settled();
  await bed.tide.groups.reset("alert_notifications", "alert_notifications_processors");
  await settled();
  assert.equal(bed.hooked.length, before);
});

test("what a receiver refuses for good becomes a dead letter at once", async () => {
  bed.answer = ({ alert }) => (alert.subject === "refused" ? 410 : 200);
  bed.tide.logger("refused").warn("odd");
  await until("a dead letter", async () => (await bed.tide.deadLetters.count({ topic: "alert_notifications" })) > 0);
  const { items } = await bed.tide.deadLetters.list({ topic: "alert_notifications" });
  assert.match(items[0]?.errorMessage ?? "", /destination hook: answered 410/);
  assert.ok(!JSON.stringify(items).includes(SECRET));
  const { body } = await bed.ask<AlertDestinationsAnswer>("GET", "/alerts/destinations");
  assert.equal(body.items.find(({ id }) => id === "hook")?.last?.ok, false);
});

test("acknowledge, mute, history and the earlier systems' overview", async () => {
  bed.answer = () => 200;
  const acked = await bed.ask<Alert>("POST", `/alerts/${encodeURIComponent("mine:shop")}/ack`);
  assert.equal(typeof acked.body.acknowledged?.by, "string");
  assert.equal((await bed.ask<Alert>("DELETE", `/alerts/${encodeURIComponent("mine:shop")}/ack`)).body.acknowledged, null);
  assert.equal((await bed.ask<Problem>("POST", "/alerts/mine:nobody/ack")).body.code, "UNKNOWN_ALERT");
  assert.equal((await bed.ask<Problem>("POST", "/alerts/mute", { rule: "nope", minutes: 5 })).body.code, "UNKNOWN_ALERT_RULE");
  assert.equal((await bed.ask("POST", "/alerts/mute", { rule: "mine", minutes: 0 })).status, 400);

  const long = `tenant/${"x".repeat(150)} ü:*`;
  bed.tide.logger(long).warn("odd");
  await until("it is shown", async () => (await active()).includes(`mine:${long}`));
  const one = await bed.ask<Alert>("GET", `/alerts/${encodeURIComponent(`mine:${long}`)}`);
  assert.equal(one.body.subject, long);

  const muted = await bed.ask<{ until: number }>("POST", "/alerts/mute", { rule: "mine", subject: "quiet", minutes: 5 });
  assert.ok(muted.body.until > Date.now() + 290_000);
  bed.tide.logger("quiet").warn("odd");
  await until("it is shown", async () => (await active()).includes("mine:quiet"));
  assert.equal(attempts("mine:quiet").length, 0);
  assert.deepEqual((await bed.ask("DELETE", "/alerts/mute?rule=mine&subject=quiet")).body, { unmuted: true });
  await until("it is told", () => attempts("mine:quiet").length > 0);

  const { body } = await bed.ask<OrchestratorAlertsAnswer>("GET", "/orchestrator/alerts");
  assert.ok(body.counts.high >= 3);
  assert.ok(body.recent.some(({ id }) => id === "mine:shop"));
  const first = await bed.ask<{ items: Alert[]; next: string }>("GET", "/alerts/history?limit=1&rule=mine");
  const second = await bed.ask<{ items: Alert[]; next: string }>("GET", `/alerts/history?limit=1&rule=mine&cursor=${first.body.next}`);
  assert.notEqual(first.body.items[0]?.id, second.body.items[0]?.id);
  assert.equal((await bed.ask("GET", "/alerts/history?cursor=x")).status, 400);
});

test("another process goes on when the leader is gone, and tells nothing twice", async () => {
  await using next = await new AlertProcess(bed.redis.url, "second").start();
  const before = attempts("mine:shop").length;
  await bed.process.leader.stop();
  await until("the other leads", () => next.leader.leading);
  next.tide.logger("heir").warn("odd");
  await until("it is told", () => attempts("mine:heir").length > 0);
  await next.observation.alerts.rules.remove("mine");
  await until("all are resolved", async () => (await active()).every((id) => !id.startsWith("mine:")));
  await settled();
  const told = attempts("mine:heir").map(({ notification: { event } }) => event);
  assert.deepEqual(told, ["alert_firing", "alert_resolved"]);
  assert.equal(attempts("mine:shop").length, before + 1, "its end");
});

test("a preview says what a rule would have done, and what it cannot know", async () => {
  const { body } = await bed.ask<AlertPreviewAnswer>("POST", "/alerts/rules/preview", { ...MINE, id: "tried" });
  const subjects = body.firings.map(({ subject }) => subject);
  for (const subject of ["heir", "quiet", "refused", "shop"]) assert.ok(subjects.includes(subject), subject);
  assert.equal(body.limit, null);
  const metric = { ...MINE, condition: { kind: "metric", metric: "redis_ops", window: 60, op: ">", value: -1 } };
  const series = await bed.ask<AlertPreviewAnswer>("POST", "/alerts/rules/preview", metric);
  assert.match(series.body.limit ?? "", /first of these hours nothing is known/);
  assert.ok(!JSON.stringify(await everything()).includes(SECRET), "no secret is in any stream");
});

function attempts(id: string): typeof bed.hooked {
  return bed.hooked.filter(({ notification: { alert }, headers }) => alert?.id === id && headers["x-tidegate-signature"] !== undefined);
}

async function active(): Promise<string[]> {
  return (await bed.ask<{ items: Alert[] }>("GET", "/alerts")).body.items.map(({ id }) => id);
}

/** The rules are in force: the processors read them once a second. */
async function rules(): Promise<void> {
  bed.tide.logger("probe").warn("is the rule known?");
  await until("the rule is known", async () => {
    bed.tide.logger("probe").warn("is the rule known?");
    return (await active()).includes("mine:probe");
  });
}

/** Everything there is to be sent was sent. */
async function settled(): Promise<void> {
  await until("nothing waits", async () => {
    const [group] = await bed.tide.groups.list("alert_notifications");
    return group !== undefined && group.lag + group.pending + group.retrying === 0;
  });
}

async function everything(): Promise<unknown[]> {
  const store = bed.tide.store("everything");
  const streams = [
    "logs:all:stream",
    "events:all:stream",
    "alerts:history",
    "alertbed:alert_notifications:events",
    "alertbed:dead_letter:events",
  ];
  return await Promise.all(streams.map((stream) => store.ask(["XRANGE", stream, "-", "+"])));
}
