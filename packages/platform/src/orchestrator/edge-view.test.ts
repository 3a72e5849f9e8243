import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EdgeReport } from "@tidegate/gateway";
import { EdgeView, type EdgeViewOptions } from "./edge-view.ts";

describe("EdgeView", () => {
  it("sums up what the workers of this machine report", async () => {
    const view = await started([report(11, { connections: { a: 2 } }), report(12), report(99, { listening: ["10.0.0.9:1"] })]);
    assert.deepEqual(await view.health(), { healthy: true, detail: "2 workers, 127.0.0.1:8080, 2 connections" });
    assert.deepEqual(view.process(), { pid: null, restarts: 1 });
  });

  it("adds their figures up, and has none when they cannot be read", async () => {
    const listening = ["http://127.0.0.1:8080"];
    const failed = [{ url: "https://127.0.0.1:443", why: "EACCES" }];
    const one = { ...NO_HTTP, listening, connections: 3, tunnels: 1, requests: 5, held: 2, statuses: { "2xx": 4, "5xx": 1 } };
    const other = { ...NO_HTTP, listening, failed, requests: 2, statuses: { "2xx": 2 }, refused: { bad_line: 7 }, unrecorded: 9, ...MORE };
    const view = await started([
      report(11, { http: one, held: 1, connections: { a: 2 } }),
      report(12, { http: other }),
      report(99, { http: one }),
    ]);
    assert.deepEqual(view.figures(), {
      workers: 2,
      expected: 2,
      urls: listening,
      ports: ["127.0.0.1:8080"],
      failed: [
        { place: "https://127.0.0.1:443", why: "EACCES" },
        { place: "the route old", why: "the field headers is missing" },
      ],
      connections: 5,
      tunnels: 1,
      requests: 7,
      held: 3,
      statuses: { "2xx": 6, "5xx": 1 },
      refused: { bad_line: 7 },
      unrecorded: 9,
      upstream_connections: 4,
      upstream_waiting: 1,
      local_authority: "/data/local-ca/ca.pem",
    });
    const silent = await started([report(11)], []);
    await silent.health();
    assert.equal(silent.figures(), null);
  });

  it("is unwell when a worker has died, is silent or cannot have its port", async () => {
    const silent = await started([report(11), report(12)], [report(11)]);
    assert.deepEqual(await silent.health(), { healthy: false, detail: "1 of 2 workers answer" });
    silent.is({ worker: 2, pid: null, restarts: 2, detail: "ended by signal SIGKILL, starts again in 200 ms" });
    assert.match((await silent.health()).detail ?? "", /^worker 2 ended by signal SIGKILL/);
    const failed = [{ bind: "127.0.0.1", port: 80, kind: "listen", why: "EACCES" }] as const;
    const refused = await started([report(11, { failed }), report(12)]);
    assert.deepEqual(await refused.health(), { healthy: false, detail: "port 80 is not served: EACCES" });
    const http = { ...NO_HTTP, failed: [{ url: "0.0.0.0:443", why: "EADDRINUSE" }] };
    const taken = await started([report(11, { http }), report(12)]);
    assert.deepEqual(await taken.health(), { healthy: false, detail: "0.0.0.0:443 is not served: EADDRINUSE" });
  });

  it("is patient with a start, and content without Redis and without workers", async () => {
    const view = new EdgeView(() => Promise.reject(new Error("away")), workers(1));
    assert.equal((await view.health()).healthy, true);
    assert.equal((await new EdgeView(() => Promise.resolve([]), workers(0)).health()).healthy, true);
    const starting = new EdgeView(() => Promise.resolve([]), workers(1));
    await starting.start();
    assert.deepEqual(await starting.health(), { healthy: true, detail: "starting" });
  });
});

function workers(expected: number): EdgeViewOptions {
  return { expected, dataFolder: "/data" };
}

/** Two workers that have answered once; then `later` is what is reported. */
async function started(first: readonly EdgeReport[], later = first): Promise<EdgeView> {
  let reports = first;
  const view = new EdgeView(() => Promise.resolve(reports), workers(2));
  view.is({ worker: 1, pid: 11, restarts: 0, detail: null });
  view.is({ worker: 2, pid: 12, restarts: 1, detail: null });
  await view.start();
  await view.health();
  reports = later;
  return view;
}

function report(pid: number, more: Partial<EdgeReport> = {}): EdgeReport {
  const counts = { accepted: 0, denied: 0, held: 0, bytes_in: 0, bytes_out: 0, followed: "0-0", http: NO_HTTP };
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

const MORE = {
  upstreams: { connections: 4, idle: 2, waiting: 1 },
  unusable: [{ kind: "route", name: "old", why: "the field headers is missing" }],
};
const NO_HTTP: EdgeReport["http"] = {
  listening: [],
  failed: [],
  connections: 0,
  tunnels: 0,
  requests: 0,
  held: 0,
  statuses: {},
  refused: {},
  unrecorded: 0,
  upstreams: { connections: 0, idle: 0, waiting: 0 },
  failing: [],
  unusable: [],
  lost: false,
};
