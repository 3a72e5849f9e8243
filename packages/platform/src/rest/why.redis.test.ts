/** History, traces and `why` over REST and on the command line, of one order that failed once. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { MessageHistoryAnswer, Problem, TraceAnswer, TracesAnswer, WhyAnswer } from "../contract.ts";
import { controlServer } from "./testing/control-server.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const bed = new AsyncDisposableStack();
let redis: RedisServer;
let tide: Tide;
let auth: Auth;
let url: string;
let messageId: string;
let entryId: string;
let traceId: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-why-"));
  bed.defer(() => rm(folder, { recursive: true }));
  redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "why", service: "shop" }));
  auth = await Auth.open(folder);
  const server = controlServer({ tide, auth });
  bed.defer(() => server.stop());
  ({ url } = await server.start());
  await failOnce();
});
after(() => bed.disposeAsync());

async function failOnce(): Promise<void> {
  const done = Promise.withResolvers<void>();
  const onSettled = ({ outcome }: { outcome: string }): void => void (outcome === "acked" && done.resolve());
  const consumer = await tide.consume("orders", { group: "billing", retry: { baseDelay: 1 }, onSettled }, async (_message, { attempt }) => {
    await tide.trace("charge card", () => {
      if (attempt === 1) throw new Error("card refused");
    });
  });
  ({ messageId, entryId, traceId } = await tide.trace("POST /orders", async (span) => {
    const receipt = await tide.publish("orders", { type: "order_placed", maxRetries: 3 });
    return { ...receipt, traceId: span.traceId };
  }));
  await done.promise;
  await consumer.stop();
  await tide.flush();
}

test("a message's history is found by its message id, its entry id and its place", async () => {
  for (const id of [messageId, entryId, encodeURIComponent(`why:orders:events/${entryId}`)]) {
    const history = await get<MessageHistoryAnswer>(`/api/v1/messages/${id}/history`);
    assert.deepEqual([history.messageId, history.groups, history.traceId], [messageId, { billing: "acknowledged" }, traceId]);
    assert.deepEqual(
      history.entries.map(({ act }) => act),
      ["published", "delivered", "retried", "delivered", "acknowledged"],
    );
  }
  assert.equal((await get<MessageHistoryAnswer>(`/api/v1/messages/${messageId}/history?topic=orders`)).topic, "orders");
});

test("what is unknown is a 404 that says where to look", async () => {
  const cases: [string, number, string][] = [
    ["/api/v1/messages/nothing/history", 404, "UNKNOWN_MESSAGE"],
    ["/api/v1/messages/nothing/history?topic=nowhere", 404, "UNKNOWN_TOPIC"],
    [`/api/v1/traces/${"0".repeat(32)}`, 404, "UNKNOWN_TRACE"],
    ["/api/v1/traces/short", 400, "INVALID_REQUEST"],
    ["/api/v1/traces?attribute=colonless", 400, "INVALID_REQUEST"],
    ["/api/v1/why/nothing", 404, "NOTHING_KNOWN"],
  ];
  for (const [path, status, code] of cases) {
    const answer = await ask(path);
    assert.deepEqual([answer.status, ((await answer.json()) as Problem).code], [status, code], path);
  }
});

test("traces are found by what was asked for and shown with their spans", async () => {
  const found = async (query: string): Promise<string[]> =>
    (await get<TracesAnswer>(`/api/v1/traces?${query}`)).items.map((item) => item.traceId);
  for (const query of ["status=error", "attribute=topic:orders&attribute=group:billing", "operation=charge%20card", "component=shop"])
    assert.deepEqual(await found(query), [traceId], query);
  for (const query of ["status=interrupted", "attribute=topic:elsewhere", "min_duration=60000", "to=1"])
    assert.deepEqual(await found(query), [], query);
  const trace = await get<TraceAnswer>(`/api/v1/traces/${traceId.toUpperCase()}`);
  assert.deepEqual([trace.operation, trace.records.filter(({ name }) => name === "charge card").length], ["POST /orders", 2]);
});

test("why explains the message and the trace, over REST and on the command line alike", async () => {
  const message = await get<WhyAnswer>(`/api/v1/why/${messageId}`);
  assert.match(message.verdict, /^Done: acknowledged in group billing after 2 attempts, \d/);
  const texts = message.steps.map((step) => step.text).join("\n");
  assert.match(texts, /Published as order_placed to orders by shop[^]*charge card \(shop\) failed: card refused[^]*\(attempt 1 of 4\)/);
  const trace = await get<WhyAnswer>(`/api/v1/why/${traceId}`);
  assert.match(trace.verdict, /^POST \/orders ended well/);
  assert.ok(trace.steps.some((step) => step.message === messageId));
  const printed = await tidegate("why", messageId);
  assert.equal(printed.code, 0, printed.stderr);
  assert.ok(printed.stdout.startsWith(message.verdict), printed.stdout);
  assert.match(printed.stdout, new RegExp(`tidegate trace show ${traceId}`));
});

test("the command line shows the history and the waterfall, as text and as JSON", async () => {
  const page = await tidegate("message", "history", messageId);
  assert.match(page.stdout, /published +shop[^]*retried +\S+ \(billing\) +card refused[^]*acknowledged[^]*attempt 2/);
  assert.equal(
    (JSON.parse((await tidegate("message", "history", messageId, "--json")).stdout) as MessageHistoryAnswer).messageId,
    messageId,
  );
  assert.match((await tidegate("trace", "ls", "--status", "error", "--attribute", "topic:orders")).stdout, new RegExp(traceId));
  const shown = await tidegate("trace", "show", traceId);
  assert.match(shown.stdout, /POST \/orders {2}shop[^]* {6}charge card {2}shop +x+[^]*! card refused[^]*handle orders #2/);
  assert.ok(shown.stdout.split("\n").every((row) => row.length <= 80 || !/[=x]{3}/.test(row)));
  assert.equal((JSON.parse((await tidegate("trace", "show", traceId, "--json")).stdout) as TraceAnswer).traceId, traceId);
});

test("on the command line what is unknown ends with 3, what is written wrongly with 2", async () => {
  const cases: [string[], number][] = [
    [["message", "history", "nothing"], 3],
    [["message", "history", messageId, "--topic", "nowhere"], 3],
    [["why", "nothing"], 3],
    [["trace", "show", "0".repeat(32)], 3],
    [["trace", "show", "short"], 2],
    [["trace", "ls", "--min-duration", "soon"], 2],
    [["trace", "ls", "--attribute", "colonless"], 2],
  ];
  for (const [args, code] of cases) assert.equal((await tidegate(...args)).code, code, args.join(" "));
});

async function get<T>(path: string): Promise<T> {
  const answer = await ask(path);
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}

function ask(path: string): Promise<Response> {
  return fetch(url + path, { headers: { Authorization: `Bearer ${auth.firstToken}` } });
}

async function tidegate(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, NO_COLOR: "1", REDIS_STREAMS_URL: redis.url, TIDEGATE_NAMESPACE: "why" };
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}
