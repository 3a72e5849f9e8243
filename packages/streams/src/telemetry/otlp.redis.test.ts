/** Export to a receiver that speaks what a collector speaks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { connect, type Notice, type TelemetryOptions, type Tide } from "../index.ts";
import { startRedis, type RedisServer } from "../testing/index.ts";
import { probe, until, type Probe } from "../testing/events.ts";

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: readonly { readonly key: string }[];
  }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface Body {
  readonly resourceSpans: readonly [
    {
      readonly resource: { readonly attributes: OtlpSpan["attributes"] };
      readonly scopeSpans: readonly [{ readonly scope: { readonly name: string }; readonly spans: readonly OtlpSpan[] }];
    },
  ];
}

interface Export {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  readonly at: number;
}

interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly exports: Probe<Export>;
  /** What it answers next, in turn; 200 when there is nothing here. */
  readonly answers: ((response: ServerResponse) => void)[];
}

describe("OTLP export", () => {
  let redis: RedisServer;

  before(async () => void (redis = await startRedis()));
  after(() => redis.stop());

  function open(url: string, more: TelemetryOptions = {}, notice: (notice: Notice) => void = () => {}): Promise<Tide> {
    const otlp = { url: `${url}/v1/traces`, headers: { "x-tenant": "a" } };
    return connect({ url: redis.url, service: "shop", onNotice: notice, telemetry: { otlp, ...more } });
  }

  test("spans arrive as OTLP's JSON has them: ids, times, kinds, attributes, events, status, and who sent them", async () => {
    await using collector = await listen();
    await using tide = await open(collector.url);
    const started = BigInt(Date.now()) * 1_000_000n;
    const traceId = await tide.trace(
      "GET /orders",
      { route: "/orders", items: 3, share: 0.5, cached: false, password: "hunter2" },
      async (span) => {
        const failed = tide.startSpan("charge", { kind: "client", component: "till" });
        failed.fail(new TypeError("no card"));
        failed.end();
        return span.traceId;
      },
    );
    await tide.flush();
    const [got] = await collector.exports.reaches(1);
    assert.ok(got);
    assert.deepEqual([got.path, got.headers["content-type"], got.headers["x-tenant"]], ["/v1/traces", "application/json", "a"]);
    const [{ resource, scopeSpans }] = got.body.resourceSpans;
    assert.deepEqual(resource.attributes.find(({ key }) => key === "service.name")?.value, { stringValue: "shop" });
    const [child, root] = scopeSpans[0].spans as [OtlpSpan, OtlpSpan];
    assert.deepEqual([child.name, root.name, scopeSpans[0].spans.length], ["charge", "GET /orders", 2]);
    assert.deepEqual([child.traceId, root.traceId, child.parentSpanId, root.parentSpanId], [traceId, traceId, root.spanId, undefined]);
    for (const { spanId } of [child, root]) assert.match(spanId, /^[0-9a-f]{16}$/);
    assert.deepEqual([child.kind, root.kind], [3, 1]);
    for (const { startTimeUnixNano, endTimeUnixNano } of [child, root]) {
      assert.match(startTimeUnixNano, /^\d{19}$/);
      const [start, end] = [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)];
      assert.ok(end >= start && start >= started - 10_000_000n && end - started < 60_000_000_000n);
    }
    const value = (name: string): unknown => root.attributes.find(({ key }) => key === name)?.value;
    assert.deepEqual(["route", "items", "share", "cached"].map(value), [
      { stringValue: "/orders" },
      { intValue: "3" },
      { doubleValue: 0.5 },
      { boolValue: false },
    ]);
    assert.deepEqual(value("password"), { stringValue: "[redacted]" });
    assert.deepEqual([root.status, child.status], [{}, { code: 2, message: "TypeError: no card" }]);
    assert.deepEqual(
      child.events.map(({ name, attributes }) => [name, attributes.map(({ key }) => key)]),
      [["exception", ["exception.type", "exception.message", "exception.stacktrace"]]],
    );
    assert.equal(tide.telemetry().spansExported, 2);
  });

  test("what a collector may take later comes again, no sooner than it asks for; no order is lost", async () => {
    await using collector = await listen();
    await using tide = await open(collector.url);
    collector.answers.push(
      (response) => response.writeHead(503, { "retry-after": "1" }).end(),
      (response) => response.writeHead(429).end(),
      (response) => void response.destroy(),
    );
    await tide.trace("patient", () => {});
    void tide.flush();
    const tries = await collector.exports.reaches(4);
    assert.ok((tries[1]?.at ?? 0) - (tries[0]?.at ?? 0) >= 990, "Retry-After: 1");
    await until("exported", () => Promise.resolve(tide.telemetry().spansExported === 1));
    assert.deepEqual(new Set(tries.map(({ body }) => JSON.stringify(body))).size, 1);
    assert.equal(tide.telemetry().exportDropped, 0);
  });

  test("what it refuses for good, and the part it does not take, are dropped, counted and told of once", async () => {
    await using collector = await listen();
    const notices: Notice[] = [];
    await using tide = await open(collector.url, {}, (notice) => notices.push(notice));
    collector.answers.push(
      (response) => response.writeHead(400).end("bad data"),
      (response) => response.writeHead(200).end(JSON.stringify({ partialSuccess: { rejectedSpans: "1", errorMessage: "too old" } })),
    );
    for (const many of [1, 3, 2]) {
      for (let index = 0; index < many; index++) await tide.trace("one", () => {});
      await tide.flush();
    }
    const { spansExported, exportDropped, spansWritten } = tide.telemetry();
    assert.deepEqual([spansExported, exportDropped, spansWritten], [4, 2, 6]);
    assert.deepEqual(
      notices.map(({ code }) => code),
      ["export_failed"],
    );
    assert.match(notices[0]?.message ?? "", /answered 400 bad data/);
  });

  test("nobody there: spans are stored all the same, the buffer stays bounded, and closing takes no longer than it may", async () => {
    await using collector = await listen();
    const tide = await open(collector.url, { buffer: 20 });
    await collector[Symbol.asyncDispose]();
    for (let index = 0; index < 20; index++) await tide.trace("one", () => {});
    await tide.flush();
    for (let index = 0; index < 5; index++) await tide.trace("two", () => {});
    assert.equal(tide.telemetry().exportDropped, 5);
    const before = performance.now();
    await tide.close({ deadline: 500 });
    assert.ok(performance.now() - before < 2_500);
    const { spansWritten, spansExported, exportDropped } = tide.telemetry();
    assert.deepEqual([spansWritten, spansExported, exportDropped], [25, 0, 25]);
  });

  test("closing sends what is left", async () => {
    await using collector = await listen();
    const tide = await open(collector.url);
    await tide.trace("last", () => {});
    await tide.close();
    assert.equal(collector.exports.seen.length, 1);
  });
});

// Private

async function listen(): Promise<Collector> {
  const exports = probe<Export>();
  const answers: Collector["answers"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
      exports.add({ path: request.url, headers: request.headers, body, at: performance.now() });
      const answer = answers.shift() ?? ((to: ServerResponse) => to.writeHead(200, { "content-type": "application/json" }).end("{}"));
      answer(response);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    exports,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
