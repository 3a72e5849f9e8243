/**
 * Every shipped rule fires and resolves by a real cause, and is told to a real webhook receiver and a real mail server. Windows are shortened
 * through the API; nothing else is changed.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import fastify from "fastify";
import { defineScript, type Store } from "@tidegate/streams";
import { tidegate } from "@tidegate/streams/fastify";
import type { AlertCondition, AlertRule, AlertsAnswer, Severity } from "../contract.ts";
import { SHIPPED } from "../processors/alerts/shipped.ts";
import { AlertBed, until, type Hooked } from "./testing/alert-bed.ts";

let bed: AlertBed;
let store: Store;
const shown = new Set<string>();

before(async () => {
  bed = await AlertBed.open();
  store = bed.tide.store("test");
  for (const destination of [bed.hook, bed.mail]) assert.equal((await bed.ask("POST", "/alerts/destinations", destination)).status, 201);
});

after(() => bed[Symbol.asyncDispose]());

describe("the earlier systems' rules", { concurrency: true }, () => {
  it("more than ten errors of a component", async () => {
    await shorten("error-rate", { window: 3 });
    const logger = bed.tide.logger("payments");
    for (let n = 0; n < 10; n++) logger.error("card refused", { n });
    await bed.tide.flush();
    await pause(1_500);
    assert.equal(told("error-rate", "payments", "alert_firing").length, 0, "ten are not more than ten");
    for (let n = 0; n < 12; n++) logger.error("card refused", { n });
    const { notification } = await firing("error-rate", "payments", "high");
    assert.match(notification.alert.summary, /^payments: \d\d in 3 s; last: card refused/);
    await resolved("error-rate", "payments");
  });

  it("a service fails, and starts again", async () => {
    bed.tide.event("service_failed", { service: "worker-1", kind: "worker", error: "exit code 3" });
    const { notification } = await firing("service-failed", "worker-1", "critical");
    assert.match(notification.alert.summary, /exit code 3/);
    bed.tide.event("service_started", { service: "worker-2", kind: "worker" });
    bed.tide.event("service_started", { service: "worker-1", kind: "worker", pid: 7 });
    const end = await resolved("service-failed", "worker-1");
    assert.equal(end.notification.alert.reason, "an event that resolves it came");
  });

  it("a certificate comes nearer to its end, each step louder, and is renewed", async () => {
    const expires = (days: number): void =>
      bed.tide.event("certificate_expiring_soon", {
        certificate: "proxy-a",
        domains: "a.example",
        days_remaining: days,
        expires_at: Date.now() + days * 86_400_000,
      });
    expires(20);
    await firing("certificate-expiring", "proxy-a", "medium");
    expires(14);
    await firing("certificate-expiring", "proxy-a", "high");
    expires(7);
    await firing("certificate-expiring", "proxy-a", "critical");
    bed.tide.event("certificate_renewed", { certificate: "proxy-a", domains: "a.example", expires_at: 0 });
    await resolved("certificate-expiring", "proxy-a");
  });

  it("a certificate cannot be generated, another not renewed; both come in the end", async () => {
    bed.tide.event("certificate_generation_failed", { certificate: "proxy-b", domains: "b.example", error: "port 80 is closed" });
    bed.tide.event("certificate_renewal_failed", { certificate: "proxy-c", domains: "c.example", error: "rate limited" });
    assert.match((await firing("certificate-failed", "proxy-b", "high")).notification.alert.summary, /port 80 is closed/);
    await firing("certificate-failed", "proxy-c", "high");
    bed.tide.event("certificate_ready", { certificate: "proxy-b", domains: "b.example", expires_at: 0 });
    bed.tide.event("certificate_renewed", { certificate: "proxy-c", domains: "c.example", expires_at: 0 });
    await Promise.all([resolved("certificate-failed", "proxy-b"), resolved("certificate-failed", "proxy-c")]);
  });

  it("certificates are not looked after, then they are again", async () => {
    const component = { component: "certificates" };
    bed.tide.event("component_unhealthy", { component: "docker", detail: "there is none" });
    bed.tide.event("component_unhealthy", { ...component, detail: "no certificate was looked at for 40 minutes" });
    const { alert } = (await firing("certificates-unwatched", "certificates", "critical")).notification;
    assert.equal(alert.subject, "certificates");
    bed.tide.event("component_recovered", component);
    await resolved("certificates-unwatched", "certificates");
  });

  it("an application answers slowly, and slower than it used to", async () => {
    await shorten("slow-response", { window: 2, where: [{ field: "duration_ms", op: ">", value: 250 }] });
    // Slow answers soon belong to what is usual: with this, not before two looks have seen them.
    await shorten("response-spike", { window: 3, baseline: 30, value: 2, floor: 50 });
    let delay = 1;
    const app = fastify();
    await app.register(tidegate(bed.tide, { component: "shop" }));
    app.get("/order", async () => await pause(delay, "ok"));
    // By a name of its own: what this test asks of the instance, at 127.0.0.1, may be slow too.
    const { port } = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    const url = `http://localhost:${port}`;
    const { host, hostname } = new URL(url);
    const asking = new AbortController();
    const asked = (async () => {
      while (!asking.signal.aborted) await Promise.all([fetch(`${url}/order`), pause(50)]);
    })();
    try {
      await until("requests were measured", async () => {
        const { body } = await bed.ask<{ series: { values: (number | null)[] }[] }>(
          "GET",
          `/metrics/series?metric=http_avg&subject=${hostname}*&step=1&from=${Date.now() - 20_000}&to=${Date.now()}`,
        );
        return (body.series?.[0]?.values.filter((value) => value !== null).length ?? 0) > 10;
      });
      delay = 400;
      const subject = (name: string): boolean => name === host || name === hostname;
      const slow = await firing("slow-response", subject, "medium");
      assert.match(slow.notification.alert.trace ?? "", /^[\da-f]{32}$/);
      assert.match(slow.notification.alert.summary, /GET \/order → 200 in \d+ ms/);
      await firing("response-spike", subject, "medium");
      delay = 1;
      await Promise.all([resolved("slow-response", subject), resolved("response-spike", subject)]);
    } finally {
      asking.abort();
      await asked;
      await app.close();
    }
  });
});

describe("the rules for streams", { concurrency: true }, () => {
  it("a group falls behind, and catches up", async () => {
    await shorten("lag-growing", { window: 3, baseline: 20, floor: 30 }, { for: 1 });
    await bed.tide.groups.create("orders", "slow");
    for (let n = 0; n < 5; n++) await publish("orders", 1, 1_000);
    // Faster and faster: on a busy machine a look may come late.
    const fired = new AbortController();
    const growing = (async () => {
      for (let n = 1; !fired.signal.aborted; n++) await publish("orders", 25 * n, 500);
    })();
    await firing("lag-growing", "orders/slow", "high").finally(() => fired.abort());
    await growing;
    await using _ = await bed.tide.consume("orders", { group: "slow" }, () => {});
    await until("it has caught up", async () => (await bed.tide.groups.list("orders")).every(({ lag, pending }) => lag + pending === 0));
    await resolved("lag-growing", "orders/slow");
  });

  it("a handler fails for good", async () => {
    // Longer than two looks: what happens once must lie in one of them.
    await shorten("dead-letters", { window: 12 });
    await using _ = await bed.tide.consume("invoices", { retry: { maxRetries: 0 } }, () => {
      throw new Error("no such customer");
    });
    await publish("invoices", 1);
    await firing("dead-letters", "invoices/invoices_processors", "high");
    await resolved("dead-letters", "invoices/invoices_processors");
  });

  it("messages wait and the only consumer has gone silent", async () => {
    await shorten("silent-consumer", { window: 3, value: 2 });
    const consumer = await bed.tide.consume("mails", () => {});
    await publish("mails", 1);
    await consumer.stop();
    await publish("mails", 3);
    await firing("silent-consumer", "mails/mails_processors", "high");
    await using _ = await bed.tide.consume("mails", () => {});
    await resolved("silent-consumer", "mails/mails_processors");
  });

  it("entries of logs are trimmed before a processor saw them", async () => {
    await shorten("telemetry-lost", { window: 12 });
    const lose = defineScript(`for n = 1, 300 do redis.call('XADD', KEYS[1], '*', 'level', 'info', 'component', 'x', 'data', '{}') end
      return redis.call('XTRIM', KEYS[1], 'MAXLEN', 1)`);
    await store.run(lose, ["logs:system:stream"], []);
    await firing("telemetry-lost", "*", "high");
    await resolved("telemetry-lost", "*");
  });

  it("the disk holds Redis up", async () => {
    // A disk cannot be made slow from here: the figure is given as the leader writes it.
    await shorten("aof-delayed", { window: 12 });
    const figures = { used_memory: 1, maxmemory: 0, system_memory: 100, evicting: 0, aof_delayed_fsync: 4, clients: 1, ops: 1 };
    const fields = ["event_type", "redis", "service", "tidegate", "data", JSON.stringify(figures)];
    await store.call(["XADD", bed.process.keys.aggregates(), "*", ...fields]);
    await firing("aof-delayed", "*", "medium");
    await resolved("aof-delayed", "*");
  });
});

it("Redis nearly fills its memory, and may delete messages; then not", async () => {
  await shorten("redis-memory", { window: 5 });
  await shorten("redis-evicting", { window: 5 });
  const used = Number((await bed.tide.serverInfo())["used_memory"]);
  await store.call(["CONFIG", "SET", "maxmemory", String(Math.round(used * 1.12)), "maxmemory-policy", "volatile-lru"]);
  await Promise.all([firing("redis-memory", "*", "high"), firing("redis-evicting", "*", "critical")]);
  await store.call(["CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction"]);
  await Promise.all([resolved("redis-memory", "*"), resolved("redis-evicting", "*")]);
});

it("the history has each of them, and nothing is active any more", async () => {
  await until("nothing is active", async () => (await bed.ask<AlertsAnswer>("GET", "/alerts")).body.items.length === 0);
  const { body: history } = await bed.ask<AlertsAnswer>("GET", "/alerts/history?limit=1000");
  for (const id of SHIPPED.keys())
    for (const state of ["firing", "resolved"])
      assert.ok(
        history.items.some((alert) => alert.rule === id && alert.state === state),
        `${id} ${state}`,
      );
  const types = JSON.stringify(await store.call(["XRANGE", "events:alert:stream", "-", "+"]));
  assert.match(types, /alert_firing[^]*alert_resolved/);
  assert.deepEqual([...shown].toSorted(), [...SHIPPED.keys()].toSorted(), "every shipped rule was shown");
  assert.deepEqual(bed.process.troubles, []);
});

type Change = Partial<Extract<AlertCondition, { kind: "metric" }>> & Partial<Extract<AlertCondition, { kind: "log" }>>;

async function shorten(id: string, condition: Partial<Change>, more: Partial<AlertRule> = {}): Promise<void> {
  await bed.change(id, (rule) => ({ ...more, condition: { ...rule.condition, ...condition } }));
}

async function publish(topic: string, count: number, wait = 0): Promise<void> {
  await bed.tide.publishMany(
    topic,
    Array.from({ length: count }, (_, n) => ({ type: "n", data: n })),
  );
  if (wait > 0) await pause(wait);
}

type Subject = string | ((name: string) => boolean);

function told(rule: string, subject: Subject, event: string): Hooked[] {
  const is = (name: string): boolean => (typeof subject === "string" ? name === subject : subject(name));
  return bed.hooked.filter(({ notification: { alert, event: found } }) => alert.rule === rule && is(alert.subject) && found === event);
}

/** At both receivers. */
async function firing(rule: string, subject: Subject, severity: Severity): Promise<Hooked> {
  const found = await arrival(rule, subject, "alert_firing", (hooked) => hooked.notification.alert.severity === severity);
  const { name } = found.notification.alert;
  await until(`a mail about ${rule}`, () => bed.mails.some((mail) => mail.includes(`Subject: ${severity.toUpperCase()}: ${name}`)));
  return found;
}

async function resolved(rule: string, subject: Subject): Promise<Hooked> {
  const found = await arrival(rule, subject, "alert_resolved", () => true);
  const { name } = found.notification.alert;
  await until(`a mail about the end of ${rule}`, () => bed.mails.some((mail) => mail.includes(`Subject: Resolved: ${name}`)));
  shown.add(rule);
  return found;
}

async function arrival(rule: string, subject: Subject, event: string, which: (hooked: Hooked) => boolean): Promise<Hooked> {
  await until(`${event} of ${rule}`, () => told(rule, subject, event).some(which));
  const found = told(rule, subject, event).find(which);
  assert.ok(found?.genuine, "the signature is right");
  assert.equal(found.headers["x-tidegate-delivery"], found.notification.delivery);
  return found;
}
