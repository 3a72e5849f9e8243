/** A real process that is killed in the middle of its trace. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "../index.ts";
import { startRedis } from "../testing/index.ts";
import { until } from "../testing/events.ts";

/** Traces for ever, and says so on its IPC channel. */
const PROGRAM = `
  import { connect } from ${JSON.stringify(new URL("../index.ts", import.meta.url).href)};
  const tide = await connect({ url: process.env.URL, service: "doomed", telemetry: { window: 10, traces: { beat: 50 } } });
  const span = tide.startSpan("import", { attributes: { host: "a.example" } });
  tide.runInSpan(span, () => tide.startSpan("step").end());
  const timer = setInterval(async () => {
    await tide.flush();
    process.send(span.traceId);
  }, 20);
`;

test("after SIGKILL another process closes the trace as interrupted; what had been written stays", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, telemetry: { traces: { beat: 50 } } });
  const child = spawn(
    process.execPath,
    [...process.execArgv.filter((flag) => flag.startsWith("--conditions")), "--input-type=module", "-e", PROGRAM],
    {
      env: { ...process.env, URL: redis.url },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  );
  try {
    const [traceId] = (await once(child, "message", { signal: AbortSignal.timeout(20_000) })) as [string];
    await until("running", async () => (await tide.traces.get(traceId))?.status === "running");
    child.kill("SIGKILL");
    await once(child, "exit");
    const killed = Date.now();
    await until("interrupted", async () => (await tide.traces.get(traceId))?.status === "interrupted");
    const trace = await tide.traces.get(traceId);
    assert.deepEqual(
      trace?.records.map(({ name, status }) => [name, status]),
      [
        ["import", "interrupted"],
        ["step", "ok"],
      ],
    );
    assert.ok((trace?.records[0]?.endedAt ?? Infinity) <= killed);
    const { items } = await tide.traces.list({ status: "interrupted", attributes: { host: "a.example" } });
    assert.deepEqual(
      items.map((item) => item.traceId),
      [traceId],
    );
  } finally {
    child.kill("SIGKILL");
  }
});
