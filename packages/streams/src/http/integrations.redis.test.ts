/** One suite for fastify, express and hono: what is promised for one holds for all. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { stream } from "hono/streaming";
import { connect } from "../open.ts";
import { currentContext } from "../telemetry/context.ts";
import { readRecord, type TelemetryRecord } from "../telemetry/record.ts";
import { until } from "../testing/events.ts";
import { startRedis } from "../testing/redis-server.ts";
import type { Store } from "../store.ts";
import type { Tide } from "../tide.ts";
import { tidegate as forExpress, tidegateErrors } from "./express.ts";
import { tidegate as forFastify } from "./fastify.ts";
import { tidegate as forHono } from "./hono.ts";

const CHUNK = "x".repeat(1_000);
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const bed = new AsyncDisposableStack();
let tide: Tide;
let store: Store;

before(async () => {
  const redis = bed.use(await startRedis());
  tide = bed.use(await connect({ url: redis.url, namespace: "http", service: "shop" }));
  store = tide.store("test");
  await store.whenUp(5_000);
});

after(() => bed.disposeAsync());

/** What the handlers of every framework do. */
async function publishOrder(own: Tide, id: string): Promise<{ id: string; trace: string }> {
  await own.publish("orders", { type: "order_seen", data: { id } });
  return { id, trace: traceNow() };
}

function traceNow(): string {
  return currentContext()?.traceparent?.slice(3, 35) ?? "none";
}

async function* chunks(): AsyncGenerator<string> {
  for (let n = 0; n < 3; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    yield CHUNK;
  }
}

type Start = (own: Tide) => Promise<Server>;

const startFastify: Start = async (own) => {
  const app = fastify();
  app.register(
    forFastify(own, {
      component: "shop",
      ignore: (path) => path === "/quiet",
      user: (request) => header(request.headers["x-user"]),
      waits: (request) => header(request.headers["x-waits"]) === "1",
    }),
  );
  app.get("/orders/:id", (request) => publishOrder(request.tide, (request.params as { id: string }).id));
  app.post("/orders", (request) => ({ got: request.body, trace: traceNow() }));
  app.get("/boom", () => Promise.reject(new Error("no stock")));
  app.get("/quiet", () => "quiet");
  app.get("/chunks", (_request, reply) => reply.type("text/plain").send(Readable.from(chunks())));
  app.get("/hangs", () => new Promise(() => {}));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
};

const startExpress: Start = async (own) => {
  const app = express();
  app.use(
    forExpress(own, {
      component: "shop",
      ignore: (path) => path === "/quiet",
      user: (request) => header(request.headers["x-user"]),
      waits: (request) => header(request.headers["x-waits"]) === "1",
    }),
  );
  app.use(express.json({ limit: "1mb" }));
  app.get("/orders/:id", async (request, answer) => void answer.json(await publishOrder(request.tide, request.params.id)));
  app.post("/orders", (request, answer) => void answer.json({ got: request.body as unknown, trace: traceNow() }));
  app.get("/boom", () => Promise.reject(new Error("no stock")));
  app.get("/quiet", (_request, answer) => void answer.send("quiet"));
  app.get("/chunks", async (_request, answer) => {
    for await (const chunk of chunks()) answer.write(chunk);
    answer.end();
  });
  app.get("/hangs", () => new Promise(() => {}));
  app.use(tidegateErrors());
  app.use((_error: unknown, _request: unknown, answer: express.Response, _next: unknown) => void answer.status(500).send("failed"));
  return await listening(createServer(app));
};

const startHono: Start = (own) => listening(createServer(getRequestListener(honoApp(own).fetch)));

function honoApp(own: Tide): Hono {
  const app = new Hono();
  app.use(
    forHono(own, {
      component: "shop",
      ignore: (path) => path === "/quiet",
      user: (c) => c.req.header("x-user"),
      waits: (c) => c.req.header("x-waits") === "1",
    }),
  );
  app.get("/orders/:id", async (c) => c.json(await publishOrder(c.get("tide"), c.req.param("id"))));
  app.post("/orders", async (c) => c.json({ got: await c.req.json<unknown>(), trace: traceNow() }));
  app.get("/boom", () => Promise.reject(new Error("no stock")));
  app.get("/quiet", (c) => c.text("quiet"));
  app.get("/own", () => new Response("own"));
  app.get("/chunks", (c) =>
    stream(c, async (out) => {
      for await (const chunk of chunks()) await out.write(chunk);
    }),
  );
  app.get("/hangs", () => new Promise<Response>(() => {}));
  app.onError((_error, c) => c.text("failed", 500));
  return app;
}

for (const [name, start] of Object.entries({ fastify: startFastify, express: startExpress, hono: startHono }))
  describe(name, () => {
    let server: Server;
    let url: string;

    before(async () => {
      server = await start(tide);
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    test("a request continues the caller's trace, its messages belong to it, and it leaves one record", async () => {
      const answer = await fetch(`${url}/orders/7?page=2`, {
        headers: { traceparent: TRACEPARENT, "x-request-id": `req-${name}`, "x-user": "ada", "user-agent": "tester" },
      });
      const trace = TRACEPARENT.slice(3, 35);
      assert.equal(answer.headers.get("x-trace-id"), trace);
      const body = await answer.text();
      assert.deepEqual(JSON.parse(body), { id: "7", trace });
      const record = await recordWhere(({ fields }) => fields["request_id"] === `req-${name}`);
      assert.equal(record.traceId, trace);
      assert.equal(record.component, "shop");
      assert.equal(record.logType, "http_response");
      const {
        method,
        path,
        query,
        host,
        ip,
        user,
        user_agent: agent,
        route,
        status,
        duration_ms: duration,
        bytes_out: out,
      } = record.fields;
      assert.deepEqual(
        { method, path, query, host, ip, user, agent, route, status },
        {
          method: "GET",
          path: "/orders/7",
          query: "page=2",
          host: "127.0.0.1",
          ip: "127.0.0.1",
          user: "ada",
          agent: "tester",
          route: "/orders/:id",
          status: 200,
        },
      );
      assert.ok((duration as number) > 0);
      assert.ok((out as number) > body.length, "with its headers");
      const messages = await Array.fromAsync(tide.read("orders", { reverse: true, limit: 1 }));
      assert.equal(messages[0]?.traceparent?.slice(3, 35), trace);
      await until("the span is stored", async () => (await tide.traces.get(trace)) !== null);
      const spans = (await tide.traces.get(trace))?.records ?? [];
      const span = spans.find((one) => one.name === "GET /orders/:id" && one.attributes["user.id"] === "ada");
      assert.deepEqual([span?.kind, span?.parentId, span?.attributes["http.response.status_code"]], ["server", "b7ad6b7169203331", 200]);
    });

    test("without a caller's trace each request has its own, also after its body was read", async () => {
      const send = (): Promise<Response> =>
        fetch(`${url}/orders`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ a: CHUNK.repeat(300) }),
        });
      const answers = await Promise.all([send(), send()]);
      const traces = answers.map((answer) => answer.headers.get("x-trace-id"));
      assert.notEqual(traces[0], traces[1]);
      for (const [at, answer] of answers.entries()) assert.equal(((await answer.json()) as { trace: string }).trace, traces[at]);
      const record = await recordWhere(({ traceId }) => traceId === traces[0]);
      assert.equal(record.fields["bytes_in"], 300_008);
    });

    test("what waits by design is not recorded as slow", async () => {
      const answer = await fetch(`${url}/orders/8`, { headers: { "x-waits": "1" } });
      const trace = answer.headers.get("x-trace-id") ?? "";
      const { fields } = await recordWhere(({ traceId, logType }) => traceId === trace && logType === "http_response");
      assert.equal(fields["duration_ms"], undefined);
      assert.ok((fields["waited_ms"] as number) > 0);
    });

    test("a failed request is an error with its reason, in record and trace", async () => {
      const answer = await fetch(`${url}/boom`);
      assert.equal(answer.status, 500);
      const trace = answer.headers.get("x-trace-id") ?? "";
      const record = await recordWhere(({ traceId }) => traceId === trace);
      assert.deepEqual([record.fields["status"], record.fields["route"]], [500, "/boom"]);
      assert.match(JSON.stringify(record.fields["error"]), /no stock/);
      await until("the trace is stored", async () => (await tide.traces.get(trace))?.status === "error");
      assert.match((await tide.traces.get(trace))?.records[0]?.error ?? "", /no stock/);
    });

    test("what no route serves has no route, and what is to be ignored leaves nothing", async () => {
      const quiet = await fetch(`${url}/quiet`);
      assert.equal(quiet.headers.get("x-trace-id"), null);
      const missing = await fetch(`${url}/nowhere/${name}`);
      assert.equal(missing.status, 404);
      const record = await recordWhere(({ fields }) => fields["path"] === `/nowhere/${name}`);
      assert.deepEqual([record.fields["status"], record.fields["route"]], [404, undefined]);
      assert.equal((await records()).filter(({ fields }) => fields["path"] === "/quiet").length, 0);
    });

    test("a streamed answer counts to its last byte, and a client that leaves is a 499", async () => {
      const streamed = await fetch(`${url}/chunks`, { headers: { "x-request-id": `chunks-${name}` } });
      assert.equal((await streamed.text()).length, 3 * CHUNK.length);
      const record = await recordWhere(({ fields }) => fields["request_id"] === `chunks-${name}`);
      assert.ok((record.fields["bytes_out"] as number) > 3 * CHUNK.length);
      const request = get(`${url}/hangs`, { headers: { "x-request-id": `gone-${name}` } });
      request.on("error", () => {});
      await once(server, "request");
      request.destroy();
      const gone = await recordWhere(({ fields }) => fields["request_id"] === `gone-${name}`);
      assert.deepEqual([gone.fields["status"], gone.fields["route"]], [499, "/hangs"]);
    });
  });

test("hono without Node's server: the record comes when the body was read, with its bytes; a Response of its own carries the id too", async () => {
  const app = honoApp(tide);
  const answer = await app.request("/chunks", { headers: { "x-request-id": "no-server" } });
  assert.equal((await answer.text()).length, 3 * CHUNK.length);
  const record = await recordWhere(({ fields }) => fields["request_id"] === "no-server");
  assert.equal(record.fields["bytes_out"], 3 * CHUNK.length);
  assert.match((await app.request("/own")).headers.get("x-trace-id") ?? "", /^[0-9a-f]{32}$/);
  const left = await app.request("/chunks", { headers: { "x-request-id": "left" } });
  await left.body?.cancel();
  assert.equal((await recordWhere(({ fields }) => fields["request_id"] === "left")).fields["status"], 499);
});

test("behind proxies the client is so many places from the right, and nobody can pretend otherwise", async () => {
  for (const [proxies, expected] of [
    [0, "127.0.0.1"],
    [1, "10.0.0.2"],
    [2, "6.6.6.6"],
    [9, "1.1.1.1"],
  ] as const) {
    const app = fastify();
    app.register(forFastify(tide, { proxies }));
    app.get("/", () => "ok");
    const answer = await app.inject({ url: "/", headers: { "x-forwarded-for": "1.1.1.1, 6.6.6.6, 10.0.0.2" } });
    const record = await recordWhere(({ traceId }) => traceId === answer.headers["x-trace-id"]);
    assert.equal(record.fields["ip"], expected);
    await app.close();
  }
});

// Helpers

function header(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function recordWhere(wanted: (record: TelemetryRecord) => boolean): Promise<TelemetryRecord> {
  let found: TelemetryRecord | undefined;
  await until("the record is stored", async () => (found = (await records()).find(wanted)) !== undefined);
  return found as TelemetryRecord;
}

async function records(): Promise<TelemetryRecord[]> {
  await tide.flush();
  const reply = await store.ask(["XRANGE", "logs:request:stream", "-", "+"]);
  return (Array.isArray(reply) ? reply : []).flatMap((entry) => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
    const words = entry[1].map(String);
    const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ""]] : []));
    return [readRecord(String(entry[0]), Object.fromEntries(pairs) as Record<string, string>)];
  });
}
