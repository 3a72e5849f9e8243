import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EdgeReport } from "@tidegate/gateway";
import { EdgeView } from "./edge-view.ts";

describe("EdgeView", () => {
  it("sums up what the workers of this machine report", async () => {
    const view = await started([report(11, { connections: { a: 2 } }), report(12), report(99, { listening: ["10.0.0.9:1"] })]);
    assert.deepEqual(await view.health(), { healthy: true, detail: "2 workers, 127.0.0.1:8080, 2 connections" });
    assert.deepEqual(view.process(), { pid: null, restarts: 1 });
  });

  it("is unwell when a worker has died, is silent or cannot have its port", async () => {
    const silent = await started([report(11), report(12)], [report(11)]);
    assert.deepEqual(await silent.health(), { healthy: false, detail: "1 of 2 workers answer" });
    silent.is({ worker: 2, pid: null, restarts: 2, detail: "ended by signal SIGKILL, starts again in 200 ms" });
    assert.match((await silent.health()).detail ?? "", /^worker 2 ended by signal SIGKILL/);
    const failed = [{ bind: "127.0.0.1", port: 80, kind: "listen", why: "EACCES" }] as const;
    const refused = await started([report(11, { failed }), report(12)]);
    assert.deepEqual(await refused.health(), { healthy: false, detail: "port 80 is not served: EACCES" });
  });

  it("is patient with a start, and content without Redis and without workers", async () => {
    const view = new EdgeView(() => Promise.reject(new Error("away")), 1);
    assert.equal((await view.health()).healthy, true);
    assert.equal((await new EdgeView(() => Promise.resolve([]), 0).health()).healthy, true);
    const starting = new EdgeView(() => Promise.resolve([]), 1);
    await starting.start();
    assert.deepEqual(await starting.health(), { healthy: true, detail: "starting" });
  });
});

/** Two workers that have answered once; then `later` is what is reported. */
async function started(first: readonly EdgeReport[], later = first): Promise<EdgeView> {
  let reports = first;
  const view = new EdgeView(() => Promise.resolve(reports), 2);
  view.is({ worker: 1, pid: 11, restarts: 0, detail: null });
  view.is({ worker: 2, pid: 12, restarts: 1, detail: null });
  await view.start();
  await view.health();
  reports = later;
  return view;
}

function report(pid: number, more: Partial<EdgeReport> = {}): EdgeReport {
  const counts = { accepted: 0, denied: 0, held: 0, bytes_in: 0, bytes_out: 0 };
  return {
    id: String(pid),
    pid,
    at: 0,
    version: 1,
    listening: ["127.0.0.1:8080"],
    failed: [],
    connections: {},
    cut: {},
    ...counts,
    ...more,
  };
}
