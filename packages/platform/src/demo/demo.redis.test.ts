/**
 * The whole fleet on a real Redis, ten times as fast: every topic fills, a delivery succeeds after a retry, a dead letter keeps
 * its history, one correlation id crosses four services, and stopping leaves nothing behind.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { connect } from "@tidegate/streams";
import type { Message, Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import type { Component } from "../orchestrator/component.ts";
import { demoServices } from "./index.ts";
import { TOPICS } from "./member.ts";
import { numberOf } from "./payload.ts";
import type { SignIn } from "./sign-ins.ts";

const PACE = 0.1;

test("demo: seven topics, a retry that succeeds, a dead letter with history, one id over four services", { timeout: 60_000 }, async () => {
  await using redis = await startRedis();
  const dataFolder = await mkdtemp(join(tmpdir(), "tidegate-demo-"));
  const open = (service: string): Promise<Tide> => connect({ url: redis.url, namespace: "opsconductor", service });
  await using watcher = await open("watcher");
  let signIn: (event: SignIn) => void = () => {};
  const services = demoServices({ connect: open, dataFolder, server: { onSignIn: (listener) => (signIn = listener) }, pace: PACE });
  signIn({ kind: "login", subject: "mia", at: Date.now(), via: "link" });
  try {
    for (const service of services) await service.start(AbortSignal.timeout(15_000));
    const seen = await watch(watcher);
    assert.deepEqual([...new Set(seen.map(({ topic }) => topic))].toSorted(), [...TOPICS].toSorted());
    assert.ok(seen.some(({ type, userId }) => type === "user_login" && userId === "mia"));
    for (const service of services) assert.equal(service.health().healthy, true, `${service.name}: ${service.health().detail}`);
    await breakSinkWithNonsense(watcher);
  } finally {
    await Promise.all(services.map((service) => service.stop(AbortSignal.timeout(10_000))));
    await rm(dataFolder, { recursive: true });
  }
  await assertStopped(services);
});

/** Reads every topic until all that the demo promises has been seen. */
async function watch(tide: Tide): Promise<Message[]> {
  const seen: Message[] = [];
  await using messages = tide.messages(TOPICS, { group: "watcher", from: "beginning" });
  for await (const message of messages) {
    seen.push(message);
    await message.ack();
    if (allTopics(seen) && seen.some(deliveredLater) && crossesFour(seen) && (await hasHistory(tide))) return seen;
  }
  return assert.fail("the watcher ended early");
}

function allTopics(seen: readonly Message[]): boolean {
  return new Set(seen.map(({ topic }) => topic)).size === TOPICS.length;
}

function deliveredLater({ type, data }: Message): boolean {
  return type === "notification_sent" && (numberOf(data, "attempt") ?? 1) > 1;
}

function crossesFour(seen: readonly Message[]): boolean {
  const flows = Map.groupBy(seen, ({ correlationId }) => correlationId);
  return [...flows.values()].some(
    (flow) => new Set(flow.map(({ service }) => service)).size >= 4 && flow.some(({ type }) => type === "automation_completed"),
  );
}

async function hasHistory(tide: Tide): Promise<boolean> {
  const { items } = await tide.deadLetters.list({ errorCode: "SINK_REFUSED" });
  return items.some(({ attempts }) => attempts.length > 1);
}

/** A person's typo ends as a dead letter that says what is allowed. */
async function breakSinkWithNonsense(tide: Tide): Promise<void> {
  const { messageId } = await tide.publish("system", { type: "sink_broken", data: { seconds: "soon" } });
  await using messages = tide.messages("system", { group: "typo-watcher", from: "beginning" });
  for await (const message of messages) {
    await message.ack();
    const { items } = await tide.deadLetters.list({ errorCode: "INVALID_SECONDS" });
    const letter = items.find((item) => item.message?.messageId === messageId);
    if (letter === undefined) continue;
    assert.match(letter.errorMessage, /from 0 to 3600, found "soon"/);
    return;
  }
}

async function assertStopped(services: readonly Component[]): Promise<void> {
  for (const service of services) assert.equal((service.health() as { healthy: boolean }).healthy, false);
  // A closed handle is listed until the event loop's next round.
  await immediate();
  const left = process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap" || kind === "TCPServerHandle");
  assert.deepEqual(left, []);
}
