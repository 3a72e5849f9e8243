import assert from "node:assert/strict";
import { test } from "node:test";
import { Band } from "./band.ts";
import { checkRules } from "./compliance.ts";
import { activityOf } from "./identity.ts";
import { Inventory } from "./inventory.ts";
import type { Asset } from "./inventory.ts";
import { parseDf } from "./jobs.ts";
import { SignIns } from "./sign-ins.ts";
import type { SignIn } from "./sign-ins.ts";
import { crossing, parseAvailableMemory } from "./system.ts";

const MIB = 1_048_576;
const LIMITS = { created: 2, updated: 5 };
const process = (id: string, bytes: number, label = "uid 0"): Asset => ({ id, kind: "process", name: id, label, bytes });
const ids = (assets: readonly Asset[]): string[] => assets.map(({ id }) => id);

test("inventory: announces the largest newcomers only, and never reports the others as changed or gone", () => {
  const inventory = new Inventory();
  const first = inventory.look([process("a", 1), process("b", 30 * MIB), process("c", 2 * MIB)], LIMITS);
  assert.deepEqual([ids(first.created), first.unannounced], [["b", "c"], 1]);
  const second = inventory.look([process("b", 60 * MIB)], LIMITS);
  assert.deepEqual([ids(second.created), ids(second.updated), ids(second.deleted)], [[], ["b"], ["c"]]);
});

test("inventory: small changes of size are no update, a changed label is", () => {
  const inventory = new Inventory();
  inventory.look([process("a", 30 * MIB), process("b", MIB)], LIMITS);
  assert.deepEqual(ids(inventory.look([process("a", 31 * MIB), process("b", MIB, "uid 7")], LIMITS).updated), ["b"]);
});

test("inventory: what it learned is known: an upgrade is an update", () => {
  const inventory = new Inventory();
  const library: Asset = { id: "package/x", kind: "package", name: "x", label: "1", bytes: 0 };
  inventory.learn([library]);
  const changes = inventory.look([{ ...library, label: "2" }], LIMITS);
  assert.deepEqual([ids(changes.created), ids(changes.updated)], [[], ["package/x"]]);
});

test("band: steady values are expected, a jump is one anomaly, not one per sample", () => {
  const band = new Band(1);
  const steady = Array.from({ length: 12 }, (_, index) => band.observe(10 + (index % 2) / 10));
  assert.ok(steady.every(({ anomaly }) => !anomaly));
  assert.deepEqual([band.observe(50).anomaly, band.observe(50).anomaly], [true, false]);
});

test("band: says nothing before it is warm, and is fitted after 8 and every 20 values", () => {
  const band = new Band(1);
  const seen = Array.from({ length: 40 }, (_, index) => band.observe(index === 3 ? 1_000 : 5));
  assert.equal(seen[3]?.anomaly, false);
  assert.deepEqual(
    seen.flatMap(({ refitted }, index) => (refitted ? [index + 1] : [])),
    [8, 20, 40],
  );
});

test("band: a percentage is never expected below 0 or above 100", () => {
  const band = new Band(25, 100);
  band.observe(90);
  assert.deepEqual(band.expected, { low: 65, high: 100 });
  const low = new Band(25, 100);
  low.observe(3);
  assert.deepEqual(low.expected, { low: 0, high: 28 });
});

test("rules: open listeners, folders and secrets fail; a closed machine passes", () => {
  const listener = { family: 4, address: "0.0.0.0", port: 80, uid: 0, scope: "wildcard" } as const;
  const open = checkRules({ listeners: [listener], dataFolderMode: 0o755, secrets: [{ name: "admin-token", mode: 0o644 }] });
  assert.deepEqual(
    open.map(({ passed }) => passed),
    [false, false, false],
  );
  const closed = checkRules({
    listeners: [],
    dataFolderMode: 0o700,
    secrets: [
      { name: "admin-token", mode: 0o600 },
      { name: "redis-password", mode: null },
    ],
  });
  assert.deepEqual(
    closed.map(({ passed }) => passed),
    [true, true, true],
  );
});

test("system: an alert is raised at the limit and cleared below a lower one", () => {
  assert.equal(crossing("memory_percent", 90, false), "raised");
  assert.equal(crossing("memory_percent", 95, true), null);
  assert.equal(crossing("memory_percent", 87, true), null);
  assert.equal(crossing("memory_percent", 80, true), "cleared");
  assert.equal(crossing("memory_percent", 80, false), null);
});

test("system: available memory is read from /proc/meminfo's line", () => {
  assert.equal(parseAvailableMemory("MemTotal:  100 kB\nMemAvailable:     40 kB\n"), 40_960);
  assert.equal(parseAvailableMemory("MemTotal: 100 kB\n"), null);
});

test("jobs: df's columns", () => {
  const heading = "Filesystem     1024-blocks    Used Available Capacity Mounted on\n";
  assert.deepEqual(parseDf(`${heading}/dev/vda  1000 500 500      50% /my disk\n`), { usedPercent: 50, mount: "/my disk" });
  assert.equal(parseDf("df: no such file"), null);
});

test("identity: activity is summed up by owner", () => {
  const own = { name: "a", memory: 1 };
  const activity = activityOf([
    { ...own, pid: 1, uid: 0, cpuTicks: 150 },
    { ...own, pid: 2, uid: 0, cpuTicks: 60 },
    { ...own, pid: 3, uid: 7, cpuTicks: 0 },
  ]);
  assert.deepEqual(
    [...activity],
    [
      [0, { processes: 2, cpuSeconds: 2.1 }],
      [7, { processes: 1, cpuSeconds: 0 }],
    ],
  );
});

test("sign-ins: wait while nobody takes them and are delivered in order", () => {
  let report: (signIn: SignIn) => void = () => {};
  const signIns = new SignIns({ onSignIn: (listener) => (report = listener) });
  const signIn = (subject: string): SignIn => ({ kind: "login", subject, at: 1, via: "token" });
  const taken: string[] = [];
  report(signIn("a"));
  signIns.deliverTo(async ({ subject }) => void taken.push(subject));
  report(signIn("b"));
  signIns.hold();
  report(signIn("c"));
  assert.deepEqual(taken, ["a", "b"]);
});
