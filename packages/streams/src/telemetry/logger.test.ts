import assert from "node:assert/strict";
import { describe, test } from "node:test";
import vm from "node:vm";
import * as fc from "fast-check";
import { VirtualClock } from "../testing/index.ts";
import { runInContext } from "./context.ts";
import { Logging, type LoggingDeps } from "./logging.ts";
import { NO_SETTINGS } from "./log-settings.ts";
import { readRecord, type TelemetryRecord } from "./record.ts";
import type { SinkEntry } from "./sink.ts";
import { parseTelemetry } from "./settings.ts";
import type { TelemetryOptions } from "./options.ts";
import type { LogSettings } from "./telemetry.ts";

interface Kept extends TelemetryRecord {
  readonly part: string;
  readonly data: string;
}

function setUp(options: TelemetryOptions | false = {}, more: Partial<LoggingDeps> = {}) {
  const kept: Kept[] = [];
  const clock = new VirtualClock({ start: 1_700_000_000_000 });
  const sink = {
    write({ part, value, component, traceId, at, data }: SinkEntry): boolean {
      const entry = { level: value, component, trace_id: traceId, timestamp: String(at), data };
      kept.push({ ...readRecord("1-1", entry), part, data });
      return true;
    },
  };
  const logging = new Logging({ sink, settings: parseTelemetry(options, {}), service: "shop", clock, follow: () => {}, ...more });
  return {
    logging,
    kept,
    clock,
    logger: logging.logger("orders"),
    apply: (some: Partial<LogSettings>) => logging.apply({ ...NO_SETTINGS, ...some }),
  };
}

describe("an entry", () => {
  test("has level, component, service, time, message and fields", () => {
    const { kept, logger } = setUp();
    logger.info("order shipped", { order: 7, paid: true, note: null, left: undefined, list: [1, "two"], to: { city: "Bern" } });
    const { data: _data, ...entry } = kept[0] as Kept;
    assert.deepEqual(entry, {
      id: "1-1",
      at: 1_700_000_000_000,
      level: "info",
      eventType: null,
      logType: "log",
      component: "orders",
      service: "shop",
      traceId: null,
      spanId: null,
      message: "order shipped",
      fields: { order: 7, paid: true, note: null, list: [1, "two"], to: { city: "Bern" } },
      part: "system",
    });
  });

  test("belongs to the trace and span of the calling code, through awaits", async () => {
    const { kept, logger } = setUp();
    const [trace, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    await runInContext({ traceparent: `00-${trace}-${span}-01` }, async () => {
      await Promise.resolve();
      logger.info("inside");
    });
    logger.info("outside");
    runInContext({ traceparent: `nonsense","x":"` }, () => logger.info("malformed"));
    assert.deepEqual(
      kept.map((one) => [one.traceId, one.spanId]),
      [
        [trace, span],
        [null, null],
        [null, null],
      ],
    );
  });

  test("has what children were given, the nearest last", () => {
    const { kept, logging } = setUp();
    const child = logging.logger("orders", { region: "eu", shard: 1 }).child({ shard: 2, password: "hunter2" });
    child.info("x", { order: 7 });
    child.info("y", { shard: 3 });
    assert.deepEqual(kept[0]?.fields, { region: "eu", shard: 2, password: "[redacted]", order: 7 });
    assert.equal(kept[1]?.fields["shard"], 3);
    assert.equal(child.component, "orders");
  });

  test("keeps fields whose names are taken under another", () => {
    const { kept, logger } = setUp();
    logger.info("m", { message: "a", service: "b", log_type: "audit", span_id: "c", nested: { message: "d" } });
    assert.deepEqual(kept[0]?.fields, { message_: "a", service_: "b", log_type_: "audit", span_id_: "c", nested: { message: "d" } });
    assert.deepEqual([kept[0].logType, kept[0].message, kept[0].service], ["log", "m", "shop"]);
  });

  test("goes to the part of its kind", () => {
    const { kept, logger } = setUp({ level: "trace" });
    for (const level of ["trace", "debug", "info", "warn", "error", "critical"] as const) logger[level](level);
    assert.deepEqual(
      kept.map((one) => `${one.level} ${one.part}`),
      ["trace system", "debug system", "info system", "warn system", "error error", "critical error"],
    );
  });
});

describe("fields made by a function", () => {
  test("are made only for an entry that is written", () => {
    const { kept, logger } = setUp();
    let made = 0;
    logger.debug("x", () => ({ made: ++made }));
    logger.info("x", () => ({ made: ++made }));
    assert.deepEqual(
      kept.map((one) => one.fields),
      [{ made: 1 }],
    );
  });

  test("may fail", () => {
    const { kept, logger } = setUp();
    logger.info("still said", () => {
      throw new RangeError("no fields today");
    });
    assert.equal(kept[0]?.message, "still said");
    assert.equal((kept[0].fields["fields_error"] as { name: string }).name, "RangeError");
  });
});

describe("errors", () => {
  const failure = (): Error =>
    new TypeError("cannot reach postgres://app:hunter2@db", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });

  for (const [what, give] of [
    ["in place of the fields", (error: Error) => error],
    ["as a field", (error: Error) => ({ error })],
  ] as const) {
    test(`${what} are kept with name, code, message, stack and causes`, () => {
      const { kept, logger } = setUp();
      logger.error("failed", give(Object.assign(failure(), { code: "E_DB" })));
      const error = kept[0]?.fields["error"] as Record<string, unknown>;
      assert.deepEqual([error["name"], error["code"], error["message"]], ["TypeError", "E_DB", "cannot reach postgres://[redacted]@db"]);
      assert.match(String(error["stack"]), /^TypeError: [\s\S]*logger\.test/);
      assert.deepEqual(error["causes"], [{ name: "Error", code: "ECONNREFUSED", message: "refused" }]);
      assert.ok(!kept[0]?.data.includes("hunter2"));
    });
  }

  test("of another realm, without types, aggregate and in a circle are kept too", () => {
    const { kept, logger } = setUp();
    const circle = new Error("circle");
    circle.cause = circle;
    logger.error("a", vm.runInNewContext("new Error('elsewhere')") as Error);
    logger.error("b", new AggregateError([new Error("one"), "two"], "many"));
    logger.error("c", circle);
    logger.error(new Error("as message") as never);
    logger.error("d", "a text" as never);
    const errors = kept.map((one) => one.fields["error"] as { message: string; causes?: unknown } | undefined);
    assert.equal(errors[0]?.message, "elsewhere");
    assert.deepEqual(errors[1]?.causes, [{ name: "Error", message: "one" }, "two"]);
    assert.equal(errors[2]?.causes, undefined);
    assert.equal(kept[3]?.message, "Error: as message");
    assert.deepEqual(kept[4]?.fields, { value: "a text" });
  });

  test("without end are bounded", () => {
    const { kept, logger } = setUp();
    let error = new Error("bottom");
    for (let depth = 0; depth < 100; depth++) error = new Error("x".repeat(10_000), { cause: error });
    logger.error("deep", error);
    assert.ok((kept[0]?.data.length ?? 0) < 34_000);
  });
});

describe("shapes", () => {
  test("request and response carry the names of HTTP fields, and no secret", () => {
    const { kept, logger } = setUp();
    const request = {
      method: "GET",
      path: "/cb",
      query: "code=1&access_token=abc",
      host: "shop.test",
      ip: "10.0.0.1",
      userAgent: "curl",
      bytesIn: 5,
    };
    logger.request(request);
    logger.response({
      ...request,
      status: 200,
      duration: 12.34567,
      bytesOut: 99,
      route: "/cb",
      user: "ann",
      client: "ci",
      referer: "r",
      fields: { cache: "hit", status: 1 },
    });
    const query = "code=1&access_token=[redacted]";
    const http = { method: "GET", path: "/cb", query, host: "shop.test", ip: "10.0.0.1", user_agent: "curl", bytes_in: 5 };
    assert.deepEqual(kept[0]?.fields, http);
    const rest = { user: "ann", client: "ci", referer: "r", cache: "hit", route: "/cb", status: 200, duration_ms: 12.346, bytes_out: 99 };
    assert.deepEqual(kept[1]?.fields, { ...http, ...rest });
    assert.deepEqual(
      kept.map((one) => [one.part, one.logType, one.level, one.message]),
      [
        ["request", "http_request", "info", "GET /cb"],
        ["request", "http_response", "info", "GET /cb 200 in 12 ms"],
      ],
    );
  });

  test("the level of a response is that of its status, and it is kept whatever the level", () => {
    const { kept, logger } = setUp({ level: "critical" });
    for (const status of [204, 404, 503]) logger.response({ method: "GET", path: "/x?token=abc", status, duration: 1 });
    assert.deepEqual(
      kept.map((one) => one.level),
      ["info", "warn", "error"],
    );
    assert.deepEqual([kept[0]?.fields["path"], kept[0]?.fields["query"]], ["/x", "token=[redacted]"]);
    logger.request({ method: "GET", path: "/x" });
    assert.equal(kept.length, 3);
  });

  test("audit says who did what, whatever the level", () => {
    const { kept, logger } = setUp({ level: "critical" });
    logger.audit({ actor: "ann", action: "replayed", resource: "dead_letters/orders", result: "done", fields: { count: 3 } });
    logger.audit({ actor: "bob", action: "deleted", resource: "topics/orders", result: "denied" });
    assert.deepEqual(kept[0]?.fields, { count: 3, actor: "ann", action: "replayed", resource: "dead_letters/orders", result: "done" });
    assert.deepEqual(
      kept.map((one) => [one.part, one.logType, one.level, one.message]),
      [
        ["audit", "audit", "info", "ann replayed dead_letters/orders"],
        ["audit", "audit", "warn", "bob deleted topics/orders: denied"],
      ],
    );
  });

  test("a record that is none is marked and does not throw", () => {
    const { kept, logger } = setUp();
    logger.response(null as never);
    logger.audit(undefined as never);
    assert.deepEqual(
      kept.map((one) => one.message),
      ["an entry of type http_response could not be read", "an entry of type audit could not be read"],
    );
  });
});

describe("secrets", () => {
  const secret = "s3cr3t-Value-99";
  const hidden: Readonly<Record<string, unknown>> = {
    "a header": { headers: { Authorization: secret } },
    "a deep header": { a: { b: [{ c: { "X-Api-Key": secret } }] } },
    "raw headers": { rawHeaders: ["Host", "x", "Cookie", secret] },
    "a pair": { headers: [{ name: "set-cookie", value: secret }] },
    Headers: { headers: new Headers({ authorization: secret }) },
    URLSearchParams: { params: new URLSearchParams({ token: secret }) },
    "a Map": { map: new Map([["password", secret]]) },
    "an object below a secret name": { credentials: { user: "x", pass: secret } },
    "a list below a secret name": { tokens: [secret] },
    "a URL": { url: new URL(`https://u:${secret}@h.test/`) },
    "an error's message": { error: new Error(`password=${secret}`) },
    "an error's cause": { error: new Error("x", { cause: { secret } }) },
    toJSON: { value: { toJSON: () => ({ api_key: secret }) } },
    "a key": { [`Bearer ${secret}`]: 1 },
    "a boxed text": { value: new String(`token=${secret}`) },
    "a lazily built field": () => ({ password: secret }),
  };
  for (const [what, fields] of Object.entries(hidden)) {
    test(`in ${what} are not kept`, () => {
      const { kept, logger } = setUp();
      logger.info("x", fields as never);
      assert.ok(!kept[0]?.data.includes(secret), kept[0]?.data);
      assert.match(kept[0]?.data ?? "", /\[redacted\]/);
    });
  }

  test("in the message are not kept", () => {
    const { kept, logger } = setUp();
    logger.info(`calling https://u:${secret}@h.test?api_key=${secret}`);
    assert.equal(kept[0]?.message, "calling https://[redacted]@h.test?api_key=[redacted]");
  });

  test("at the cut of a long text are not kept by half", () => {
    const { kept, logger } = setUp();
    for (let at = 32_000; at < 33_000; at += 7)
      logger.info("x", { text: `${"a ".repeat(at / 2)} https://user:${secret.repeat(9)}@h.test ${"b".repeat(9_000)}` });
    for (const { data } of kept) assert.ok(!data.includes("s3cr3t"), data.slice(-200));
  });

  test("leave booleans and numbers of things in place", () => {
    const { kept, logger } = setUp();
    logger.info("x", { has_password: true, max_tokens: 512, token: null, password: 1234 });
    assert.deepEqual(kept[0]?.fields, { has_password: true, max_tokens: 512, token: null, password: "[redacted]" });
  });

  test("of one's own names and patterns too", () => {
    const { kept, logger } = setUp({ redact: { names: ["iban"], patterns: [/\bCH\d{2}\b/] } });
    logger.info("to CH93", { IBAN: "x", note: "CH93 it is" });
    assert.deepEqual([kept[0]?.message, kept[0]?.fields], ["to [redacted]", { IBAN: "[redacted]", note: "[redacted] it is" }]);
  });
});

describe("values of any sort", () => {
  test("are kept as well as JSON can", () => {
    const { kept, logger } = setUp();
    const circle: Record<string, unknown> = { name: "ring" };
    circle["self"] = circle;
    logger.info("x", {
      circle,
      big: 10n,
      nan: Number.NaN,
      date: new Date(0),
      bytes: Buffer.from("abc"),
      set: new Set([1, 2]),
      pattern: /a/g,
      nothing: () => {},
      symbol: Symbol("s"),
      twice: [circle, circle].length,
      shared: [{ a: 1 }],
    });
    assert.deepEqual(kept[0]?.fields, {
      circle: { name: "ring", self: "[circular]" },
      big: "10",
      nan: "NaN",
      date: "1970-01-01T00:00:00.000Z",
      bytes: "[3 bytes]",
      set: [1, 2],
      pattern: "/a/g",
      twice: 2,
      shared: [{ a: 1 }],
    });
  });

  test("that throw are marked, and the others kept", () => {
    const { kept, logger } = setUp();
    const throwing = (): never => {
      throw new Error("no");
    };
    const trap = new Proxy({}, { ownKeys: throwing, getPrototypeOf: throwing });
    const own = Object.defineProperty({ fine: 1 }, "bad", { enumerable: true, get: throwing });
    logger.info("a", { before: 1, own, trap, json: { toJSON: throwing }, after: 2 });
    assert.deepEqual(kept[0]?.fields, {
      before: 1,
      own: { fine: 1, bad: "[unreadable]" },
      trap: "[unreadable]",
      json: "[unreadable]",
      after: 2,
    });
    logger.info("b", trap);
    assert.equal(kept[1]?.message, "b");
  });

  test("that log themselves do not disturb the entry they are in", () => {
    const { kept, logger } = setUp();
    const chatty = {
      get inner() {
        logger.info("inner", { huge: "x".repeat(100_000) });
        return logger.child({ c: "x".repeat(100_000) }).enabled("info");
      },
    };
    logger.info("outer", { first: 1, chatty, last: { d: 2 } });
    assert.equal(kept[0]?.fields["truncated"], true);
    assert.deepEqual(kept[1]?.fields, { first: 1, chatty: { inner: true }, last: { d: 2 } });
  });

  test("that are huge are cut with a mark", () => {
    const { kept, logger } = setUp();
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`name${at}`, at]));
    let deep: unknown = 1;
    for (let depth = 0; depth < 5_000; depth++) deep = { deep };
    for (const value of [
      "x".repeat(1e6),
      "\u0000".repeat(1e6),
      wide,
      deep,
      Array.from({ length: 1e6 }),
      [["y".repeat(1e5)], "é".repeat(1e5)],
    ])
      logger.info("huge", { value, after: 1 });
    logger.info("z".repeat(1e6), { after: 1 });
    for (const { data } of kept) assert.ok(data.length < 34_000, String(data.length));
    assert.equal(kept[0]?.fields["truncated"], true);
    assert.match(String(kept[0]?.fields["value"]), /^x+… \[of 1000000 characters\]$/);
    assert.ok(String(kept[0]?.fields["value"]).length > 30_000);
    assert.equal(kept[3]?.fields["after"], 1);
    assert.match(kept[6]?.message ?? "", /^z+… \[of 1000000 characters\]$/);
    assert.equal(kept[6]?.fields["after"], 1);
  });

  test("hold no control character when stored", () => {
    const { kept, logger } = setUp();
    logger.info("a\nb\u001b[31m\u009b\u2028", { "k\u007f": "\u0085" });
    assert.doesNotMatch(kept[0]?.data ?? "", /[\p{Cc}\u2028\u2029]/u);
    assert.equal(kept[0]?.message, "a\nb\u001b[31m\u009b\u2028");
    assert.deepEqual(kept[0].fields, { "k\u007f": "\u0085" });
  });

  test("never make a call throw, and what is stored is JSON with the message in it", () => {
    const { kept, logger } = setUp({ level: "trace" });
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withObjectString: true,
      withBoxedValues: true,
      withSparseArray: true,
      withUnicodeString: true,
    } as object);
    const message = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(message, anything, anything, fc.constantFrom("trace", "info", "error", "critical"), (text, fields, more, level) => {
        const before = kept.length;
        logger.child(more as never)[level](text, fields as never);
        logger.audit(fields as never);
        logger.response(fields as never);
        for (const one of kept.splice(before)) assert.equal(typeof JSON.parse(one.data), "object");
        logger.info(text, fields as never);
        const [last] = kept.splice(before);
        // Unless there may be something in it that looks like a secret.
        if (!/[=:@_\s-]/.test(text)) assert.equal(last?.message, text);
      }),
      { numRuns: 500 },
    );
  });
});

describe("levels", () => {
  test("follow the option, then what is set for all, then the component's own, at once and for loggers there are", () => {
    const { logger, logging, apply } = setUp({ level: "error" });
    const child = logger.child({ a: 1 });
    const enabled = (): string =>
      [logger, child, logging.logger("mails")]
        .map((one) => ["trace", "debug", "info", "warn", "error"].find((level) => one.enabled(level as "info")))
        .join();
    assert.equal(enabled(), "error,error,error");
    apply({ level: "warn" });
    assert.equal(enabled(), "warn,warn,warn");
    apply({ level: "warn", levels: { orders: "trace" } });
    assert.equal(enabled(), "trace,trace,warn");
    apply({});
    assert.equal(enabled(), "error,error,error");
  });

  test("hold for a component of any name", () => {
    const { kept, logging, apply } = setUp();
    for (const name of ["constructor", "__proto__", ""]) logging.logger(name).info(name);
    apply({ limits: { x: 1 } });
    for (const name of ["constructor", "toString"]) logging.logger(name).info(name);
    assert.equal(kept.length, 5);
  });

  test("with telemetry off nothing is kept or printed", () => {
    let printed = 0;
    const { kept, logger, apply } = setUp(false, { out: { write: () => printed++ } });
    apply({ level: "trace" });
    logger.critical("x");
    logger.audit({ actor: "a", action: "b", resource: "c", result: "done" });
    logger.response({ method: "GET", path: "/", status: 200, duration: 1 });
    logger.child({ a: 1 }).error("x", () => assert.fail("not asked"));
    assert.deepEqual([kept.length, printed, logger.enabled("critical")], [0, 0, false]);
  });
});

describe("sampling", () => {
  test("leaves out a share, never of warnings and above, and counts it", () => {
    const { kept, logger, logging, apply } = setUp({ level: "trace" });
    apply({ samples: { orders: 0, "orders:debug": 1 } });
    for (const level of ["trace", "debug", "info", "warn", "error", "critical"] as const) logger[level](level);
    logger.response({ method: "GET", path: "/", status: 200, duration: 1 });
    assert.deepEqual(
      kept.map((one) => one.level),
      ["debug", "warn", "error", "critical", "info"],
    );
    assert.equal(logging.suppressed, 2);
    apply({ samples: { orders: 0.5 } });
    kept.length = 0;
    for (let i = 0; i < 2_000; i++) logger.info("x");
    assert.ok(kept.length > 800 && kept.length < 1_200, String(kept.length));
    assert.equal(logging.suppressed, 2 + 2_000 - kept.length);
  });
});

describe("rate limits", () => {
  test("let so many through each second, and say once a second how many they left out", async () => {
    const { kept, logger, logging, clock, apply } = setUp();
    apply({ limits: { orders: 3, "orders:error": 1 } });
    for (let i = 0; i < 10; i++) logger.child({ i }).info("x");
    logging.logger("mails").info("other components are free");
    assert.equal(kept.length, 4);
    await clock.advance(1_000);
    assert.deepEqual(
      [kept[4]?.message, kept[4]?.level, kept[4]?.fields, kept[4]?.component],
      ["7 entries were left out by the rate limit", "warn", { left_out: 7 }, "orders"],
    );
    assert.equal(logging.suppressed, 7);
    await clock.advance(10_000);
    assert.equal(kept.length, 5, "nothing is said when nothing was left out");
    for (let i = 0; i < 4; i++) logger.error("y");
    assert.equal(kept.length, 6);
    logging.stop();
    assert.equal(kept[6]?.message, "3 entries were left out by the rate limit");
    apply({});
    for (let i = 0; i < 10; i++) logger.info("free again");
    assert.equal(kept.length, 17);
  });

  test("that change first say what they have left out", () => {
    const { kept, logger, apply } = setUp();
    apply({ limits: { orders: 1 } });
    for (let i = 0; i < 3; i++) logger.info("x");
    apply({ limits: { orders: 2 } });
    assert.equal(kept[1]?.message, "2 entries were left out by the rate limit");
  });

  test("do not touch access records and audit", () => {
    const { kept, logger, apply } = setUp();
    apply({ limits: { orders: 0 } });
    logger.response({ method: "GET", path: "/", status: 200, duration: 1 });
    logger.audit({ actor: "a", action: "b", resource: "c", result: "done" });
    logger.info("x");
    assert.equal(kept.length, 2);
  });
});
