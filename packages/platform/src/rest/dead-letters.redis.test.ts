import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, Unrecoverable, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Auth } from "../auth/auth.ts";
import type { DeadLetter, DeadLetterGroupsAnswer, DeadLettersAnswer, JobsAnswer, Problem, ReplayAnswer, ReplayJob } from "../contract.ts";
import { controlServer } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
let tide: Tide;
let auth: Auth;
let url: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-dead-letters-"));
  bed.defer(() => rm(folder, { recursive: true }));
  const redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "test" }));
  auth = await Auth.open(folder);
  const server = controlServer({ tide, auth });
  bed.defer(() => server.stop());
  ({ url } = await server.start());
});

after(() => bed.disposeAsync());

test("each part of the filter reaches list, groups and export", async () => {
  await bury("filters", [
    { type: "placed", text: "no user 1", code: "NO_USER" },
    { type: "placed", text: "no user 2", code: "NO_USER" },
    { type: "paid", text: "card refused", code: "CARD" },
  ]);
  const { items: kinds } = await read<DeadLetterGroupsAnswer>("/api/v1/dead-letters/groups?topic=filters");
  assert.deepEqual(
    kinds.map(({ count, errorCode }) => [count, errorCode]),
    [
      [2, "NO_USER"],
      [1, "CARD"],
    ],
  );
  const [first] = kinds;
  assert.ok(first);
  for (const [query, wanted] of [
    ["group=filters_processors", 3],
    ["event_type=placed", 2],
    ["error_code=CARD", 1],
    [`signature=${first.signature}`, 2],
    ["text=REFUSED", 1],
    [`from=${first.firstAt}`, 3],
    [`to=${first.firstAt - 1}`, 0],
  ] as const) {
    const listed = await read<DeadLettersAnswer>(`/api/v1/dead-letters?topic=filters&${query}`);
    assert.equal(listed.items.length, wanted, query);
    const exported = await call("GET", `/api/v1/dead-letters/export?topic=filters&${query}`);
    assert.match(exported.headers.get("content-type") ?? "", /^application\/x-ndjson/);
    const lines = (await exported.text()).split("\n").filter((line) => line !== "");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as DeadLetter).id),
      listed.items.map(({ id }) => id).toReversed(),
      query,
    );
  }
});

test("one letter is replayed with an edit; an edit of many, and a wrong one, are refused", async () => {
  await bury("edits", [{ type: "placed", text: "bad price" }]);
  const { items } = await read<DeadLettersAnswer>("/api/v1/dead-letters?topic=edits");
  const ids = items.map(({ id }) => id);
  const refusals: [body: unknown, code: string][] = [
    [{ topic: "edits", edit: { data: 1 } }, "INVALID_REQUEST"],
    [{ ids, edit: { type: "x".repeat(300) } }, "INVALID_MESSAGE"],
    [{}, "INVALID_REQUEST"],
    [{ all: true, topic: "edits" }, "INVALID_REQUEST"],
    [{ edit: { data: 1 } }, "INVALID_REQUEST"],
  ];
  for (const [body, code] of refusals) {
    const answer = await call("POST", "/api/v1/dead-letters/replay", body);
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as Problem).code, code);
  }
  const answer = await call("POST", "/api/v1/dead-letters/replay", { ids, edit: { data: { price: 2 } } });
  assert.deepEqual((await answer.json()) as ReplayAnswer, { replayed: 1, skipped: 0 });
  const delivered = Promise.withResolvers<unknown>();
  const consumer = await tide.consume("edits", ({ data }) => delivered.resolve(data));
  assert.deepEqual(await delivered.promise, { price: 2 });
  await consumer.stop();
});

test("a replay job answers 202, is listed, shown and cancelled; an unknown one is 404", async () => {
  await bury(
    "jobs",
    Array.from({ length: 20 }, () => ({ type: "placed", text: "down" })),
  );
  const started = await call("POST", "/api/v1/dead-letters/replay-jobs", { topic: "jobs", rate: 1 });
  assert.equal(started.status, 202);
  const job = (await started.json()) as ReplayJob;
  const place = started.headers.get("location") ?? "";
  assert.equal(place, `/api/v1/jobs/${job.id}`);
  assert.deepEqual([job.state, job.total, job.rate, job.filter], ["running", 20, 1, { topic: "jobs" }]);
  assert.equal((await read<ReplayJob>(place)).id, job.id);
  assert.deepEqual(
    (await read<JobsAnswer>("/api/v1/jobs")).items.map(({ id }) => id),
    [job.id],
  );
  const cancelled = (await (await call("DELETE", place)).json()) as ReplayJob;
  assert.equal(cancelled.state, "cancelled");
  const left = await read<DeadLettersAnswer>("/api/v1/dead-letters?topic=jobs");
  assert.equal(left.items.length, 20 - cancelled.replayed);
  for (const method of ["GET", "DELETE"]) {
    const answer = await call(method, "/api/v1/jobs/nope");
    assert.equal(answer.status, 404);
    assert.equal(((await answer.json()) as Problem).code, "UNKNOWN_JOB");
  }
  assert.equal((await call("POST", "/api/v1/dead-letters/replay-jobs", { topic: "jobs", rate: -1 })).status, 400);
});

async function bury(topic: string, letters: readonly { type: string; text: string; code?: string }[]): Promise<void> {
  const dead = Promise.withResolvers<void>();
  let left = letters.length;
  const onSettled = () => void (--left === 0 && dead.resolve());
  const consumer = await tide.consume(topic, { onSettled }, ({ data }) => {
    const { text, code = "FAILED" } = data as { text: string; code?: string };
    throw new Unrecoverable(text, { code });
  });
  await tide.publishMany(
    topic,
    letters.map(({ type, ...data }) => ({ type, data })),
  );
  await dead.promise;
  await consumer.stop();
}

function call(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${auth.firstToken}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  return fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function read<T>(path: string): Promise<T> {
  const answer = await call("GET", path);
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as T;
}
