import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { Auth } from "../auth/auth.ts";
import type {
  LiveFrame,
  LiveLogs,
  LiveProblem,
  LogHistogramAnswer,
  LogsAnswer,
  LogSettings,
  LogStatsAnswer,
  Problem,
} from "../contract.ts";
import { LogBed, type Entry } from "../processors/logs/testing/log-bed.ts";
import { controlServer, noObservation } from "./testing/control-server.ts";

const bed = new AsyncDisposableStack();
let logs: LogBed;
let auth: Auth;
let url: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-logs-"));
  bed.defer(() => rm(folder, { recursive: true }));
  logs = bed.use(await LogBed.open());
  const index = await logs.index();
  auth = await Auth.open(folder);
  const observation = { ...noObservation(), logs: index.logs };
  const server = controlServer({ tide: logs.tide, auth, observation });
  bed.defer(() => server.stop());
  ({ url } = await server.start());
  await logs.write([
    answered(200, { ip: "10.0.0.1", host: "a.example", client: "robot", message: "fine" }),
    answered(404, { ip: "10.0.0.2", host: "a.example" }),
    answered(502, { ip: "10.0.0.2", host: "b.example" }),
    { level: "error", component: "worker", data: { message: "boom" } },
    { event_type: "service_started", component: "tidegate", data: { service: "a" } },
  ]);
  await logs.indexed();
});

after(() => bed.disposeAsync());

const FOUND: readonly (readonly [path: string, count: number])[] = [
  ["search", 5],
  ["search?status=5xx", 1],
  ["search?status_min=400&status_max=499", 1],
  ["search?q=BOOM&hours=1", 1],
  ["search?level=error", 2],
  ["search/?host=a.example&limit=1", 1],
  ["ip/10.0.0.2", 2],
  ["client/robot", 1],
  ["host/a.example?status=404", 1],
  ["errors", 2],
  ["errors?include_warnings=true", 3],
  ["events", 1],
  ["events?event=service_", 1],
  ["events?event=alert_", 0],
];

for (const [path, count] of FOUND)
  test(`${path} finds ${count}`, async () => {
    const { status, body } = await ask<LogsAnswer>(path);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.logs.length, count);
  });

test("an answer names what was asked and how it was found", async () => {
  const { body } = await ask<LogsAnswer>("ip/10.0.0.2?limit=1");
  assert.deepEqual(body.query_params, { ip: "10.0.0.2", limit: 1 });
  assert.deepEqual([body.total, body.scanned, body.complete, typeof body.next], [2, 1, true, "string"]);
  assert.deepEqual([body.logs[0]?.fields["status"], body.logs[0]?.logType], [502, "http_response"]);
  const { body: rest } = await ask<LogsAnswer>(`ip/10.0.0.2?limit=1&cursor=${body.next}`);
  assert.deepEqual([rest.logs[0]?.fields["status"], rest.next], [404, null]);
});

const REFUSED: readonly (readonly [path: string, says: RegExp])[] = [
  ["search?hours=0", /hours: .*>=1/],
  ["search?hours=999", /hours: .*<=168/],
  ["search?hours=soon", /hours/],
  ["search?level=loud", /level: .*"trace"/],
  ["search?limit=1001", /limit: .*<=1000/],
  ["search?status=6xx", /status: .*404.*5xx/],
  ["search?cursor=abc", /cursor "abc"/],
  ["search?from=200&to=100", /from \(200\) is later than to \(100\)/],
  ["search?ipp=10.0.0.1", /ipp/],
  ["stats?hours=999", /hours/],
  ["errors?include_warnings=perhaps", /include_warnings/],
];

for (const [path, says] of REFUSED)
  test(`${path} is refused in words`, async () => {
    const { status, body } = await ask<Problem>(path);
    assert.equal(status, 400);
    assert.match(body.code, /^INVALID_/);
    assert.match(body.detail, says);
    assert.ok(body.hint !== undefined && body.hint !== "");
  });

test("statistics and histogram count the same", async () => {
  const { body: stats } = await ask<LogStatsAnswer>("stats?hours=1");
  assert.deepEqual([stats.requests, stats.status_codes], [3, { "200": 1, "404": 1, "502": 1 }]);
  const { body: histogram } = await ask<LogHistogramAnswer>("histogram?hours=1");
  const sum = histogram.buckets.flatMap(({ counts }) => Object.values(counts)).reduce((total, count) => total + count, 0);
  assert.equal(sum, stats.total);
});

test("levels, samples and limits are changed and taken back", async () => {
  const change = async (body: unknown): Promise<{ status: number; body: LogSettings }> =>
    await ask("settings", { method: "PATCH", body: JSON.stringify(body) });
  const set = await change({ levels: { worker: "debug" }, samples: { edge: 0.5 }, limits: { edge: 100 } });
  assert.deepEqual(set, { status: 200, body: { level: null, levels: { worker: "debug" }, samples: { edge: 0.5 }, limits: { edge: 100 } } });
  const back = await change({ levels: { worker: null }, samples: { edge: null }, limits: { edge: null } });
  assert.deepEqual(back.body, { level: null, levels: {}, samples: {}, limits: {} });
  for (const wrong of [{}, { level: "loud" }, { samples: { edge: 2 } }, { sample: 1 }]) assert.equal((await change(wrong)).status, 400);
});

test("a follower gets the newest that fit, then each new one once, filtered here", async () => {
  await using line = await follow({ type: "subscribe", feed: "logs", query: { status: "4xx" } });
  const first = await line.next("logs");
  assert.deepEqual(
    first.items.map(({ fields }) => fields["status"]),
    [404],
  );
  const ids = await logs.write([answered(200), answered(410), answered(418), { level: "info", component: "x", data: {} }]);
  const seen: string[] = [];
  while (seen.length < 2) seen.push(...(await line.next("logs")).items.map(({ id }) => id));
  assert.deepEqual(seen, ids.slice(1, 3));
});

test("of a burst a follower gets the newest; the rest is counted", async () => {
  await using line = await follow({ type: "subscribe", feed: "logs", query: { component: "burst" } });
  assert.deepEqual((await line.next("logs")).items, []);
  const ids = await logs.write(Array.from({ length: 3_000 }, () => ({ level: "info", component: "burst", data: {} })));
  let [shown, skipped, last] = [0, 0, ""];
  while (last !== ids.at(-1)) {
    const frame = await line.next("logs");
    assert.ok(frame.items.length <= 500);
    [shown, skipped, last] = [shown + frame.items.length, skipped + frame.skipped, frame.items.at(-1)?.id ?? last];
  }
  assert.equal(shown + skipped, 3_000);
});

test("a second subscription replaces the first, an unsubscribed line is silent", async () => {
  await using line = await follow({ type: "subscribe", feed: "logs", query: { component: "one" } });
  await line.next("logs");
  line.ask({ type: "subscribe", feed: "logs", query: { component: "two" } });
  await line.next("logs");
  await logs.write([
    { level: "info", component: "one" },
    { level: "info", component: "two" },
  ]);
  assert.deepEqual(
    (await line.next("logs")).items.map(({ component }) => component),
    ["two"],
  );
  line.ask({ type: "unsubscribe", feed: "logs" });
  line.ask({ type: "subscribe", feed: "logs", query: { level: "loud" } });
  const problem = await line.next("problem");
  assert.deepEqual(problem.code, "INVALID_REQUEST");
  assert.match(problem.detail, /query\.level/);
});

// Helpers

function answered(status: number, more: Record<string, unknown> = {}): Entry {
  const data = { log_type: "http_response", method: "GET", path: "/a", status, duration_ms: 10, ...more };
  return { level: status >= 500 ? "error" : "info", component: "edge", data };
}

function bearer(): { authorization: string } {
  return { authorization: `Bearer ${auth.firstToken}` };
}

interface Answered<T> {
  readonly status: number;
  readonly body: T;
}

async function ask<T>(path: string, change: { method?: string; body?: string } = {}): Promise<Answered<T>> {
  const headers = { ...bearer(), ...(change.body === undefined ? {} : { "content-type": "application/json" }) };
  const answer = await fetch(`${url}/api/v1/logs/${path}`, { ...change, headers });
  return { status: answer.status, body: (await answer.json()) as T };
}

class Line implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #frames: LiveFrame[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#frames.push(JSON.parse((data as Buffer).toString()) as LiveFrame);
      socket.emit("frame");
    });
  }

  ask(request: unknown): void {
    this.#socket.send(JSON.stringify(request));
  }

  async next(type: "logs"): Promise<LiveLogs>;
  async next(type: "problem"): Promise<LiveProblem>;
  async next(type: "logs" | "problem"): Promise<LiveFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame === undefined) await once(this.#socket, "frame", { signal: AbortSignal.timeout(10_000) });
      else if (frame.type === type) return frame;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.terminate();
    await once(this.#socket, "close");
  }
}

async function follow(request: unknown): Promise<Line> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/live`, { headers: bearer() });
  const line = new Line(socket);
  await once(socket, "open");
  line.ask(request);
  return line;
}
