/** `tidegate alert` as a person and a script meet it: the real program, asking a real control server. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Alert, AlertPreviewAnswer, AlertRule } from "../contract.ts";
import { AlertBed, SECRET, until } from "../rest/testing/alert-bed.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/tidegate.js", import.meta.url));
const stack = new AsyncDisposableStack();
let bed: AlertBed;
let folder: string;

before(async () => {
  bed = stack.use(await AlertBed.open());
  folder = await mkdtemp(join(tmpdir(), "tidegate-alert-cli-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = {
    pid: process.pid,
    startedAt: 0,
    namespace: "alertbed",
    redisUrl: bed.redis.url,
    redisPasswordFile: null,
    consoleUrl: bed.url,
    ports: {},
  };
  await writeFile(join(folder, "instance.json"), JSON.stringify(file));
  await writeFile(join(folder, "secret"), `${SECRET}\n`);
});
after(() => stack.disposeAsync());

test("nothing fires, nobody is told: both are said", async () => {
  assert.match((await tidegate("alert", "ls")).stdout, /Nothing fires/);
  assert.match((await tidegate("alert", "destinations")).stdout, /Nobody is told of alerts yet/);
  assert.equal((await tidegate("alert", "ls", "--json")).stdout, "");
});

test("destinations: added with a secret from a file, tested, shown without it, removed", async () => {
  const url = bed.hook.kind === "webhook" ? bed.hook.url : "";
  const refused = await tidegate("alert", "destination", "add", "ops", "--webhook", url);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /private network[^]*allow_private/);
  const added = await tidegate(
    "alert",
    "destination",
    "add",
    "ops",
    "--webhook",
    url,
    "--secret",
    `@${join(folder, "secret")}`,
    "--allow-private",
  );
  assert.equal(added.code, 0, added.stderr);
  const tested = await tidegate("alert", "destination", "test", "ops");
  assert.match(tested.stdout, /✓ answered 200, after \d+ ms/);
  assert.ok(bed.hooked.at(-1)?.genuine);
  bed.answer = () => 500;
  assert.equal((await tidegate("alert", "destination", "test", "ops")).code, 1);
  bed.answer = () => 200;
  const listed = await tidegate("alert", "destinations", "--json");
  assert.ok(!listed.stdout.includes(SECRET));
  assert.equal((await tidegate("alert", "destination", "add", "two", "--webhook", url, "--slack", url)).code, 2);
  assert.equal((await tidegate("alert", "destination", "rm", "ops")).code, 0);
  assert.equal((await tidegate("alert", "destination", "rm", "ops")).code, 3);
});

test("rules: listed in words, changed, made from a file, tried out, reset", async () => {
  assert.match(
    (await tidegate("alert", "rules")).stdout,
    /error-rate\tyes\thigh\tshipped\t11 × log entry of error and above per component in 300 s/,
  );
  const changed = await json<AlertRule>("alert", "rule", "set", "error-rate", "--count", "1", "--severity", "critical");
  assert.deepEqual([changed.severity, changed.condition.kind === "log" && changed.condition.count], ["critical", 1]);
  assert.match((await tidegate("alert", "rule", "show", "error-rate")).stdout, /fires when\s+1 × log entry/);
  const rule = {
    name: "Orders wait",
    condition: { kind: "metric", metric: "group_lag", subject: "orders/*", window: 60, op: ">", value: 100 },
    severity: "medium",
  };
  await writeFile(join(folder, "rule.json"), JSON.stringify(rule));
  const made = await json<AlertRule>("alert", "rule", "set", "orders-wait", "--from", join(folder, "rule.json"), "--for", "30");
  assert.deepEqual([made.id, made.for, made.builtin], ["orders-wait", 30, false]);
  assert.deepEqual((await json<AlertPreviewAnswer>("alert", "rule", "preview", "orders-wait", "--value", "5")).firings, []);
  assert.match((await tidegate("alert", "rule", "set", "orders-wait", "--value", "many")).stderr, /must be a number/);
  assert.equal((await tidegate("alert", "rule", "rm", "orders-wait")).code, 0);
  assert.equal((await tidegate("alert", "rule", "show", "orders-wait")).code, 3);
  assert.equal((await tidegate("alert", "rule", "rm", "error-rate")).code, 5);
});

test("an alert: listed, fails a check, shown, acknowledged, muted, in the history", async () => {
  bed.tide.logger("shop").error("till is empty\u001b[31m");
  await until("it fires", async () =>
    (await bed.ask<{ items: Alert[] }>("GET", "/alerts")).body.items.some(({ id }) => id === "error-rate:shop"),
  );
  const listed = await tidegate("alert", "ls", "--fail-from", "critical");
  assert.equal(listed.code, 7);
  assert.match(listed.stdout, /critical\tfiring\terror-rate:shop\t.*till is empty/);
  assert.ok(!listed.stdout.includes("\u001b[31m"), "nothing a log says moves the cursor");
  assert.match((await tidegate("alert", "show", "error-rate:shop")).stdout, /Many errors – critical, firing[^]*what to do/);
  assert.match((await tidegate("alert", "ack", "error-rate:shop")).stdout, /is yours/);
  assert.match((await tidegate("alert", "ls")).stdout, /has it/);
  assert.match((await tidegate("alert", "mute", "error-rate", "shop", "--minutes", "5")).stdout, /error-rate:shop is muted until/);
  assert.match((await tidegate("alert", "unmute", "error-rate", "shop")).stdout, /notifies again/);
  await json<AlertRule>("alert", "rule", "reset", "error-rate");
  await until("it is resolved", async () => (await tidegate("alert", "history", "--rule", "error-rate")).stdout.includes("resolved"));
  const missing = await tidegate("alert", "show", "error-rate:nobody", "--json");
  assert.deepEqual([missing.code, (JSON.parse(missing.stderr) as { error: { code: string } }).error.code], [3, "UNKNOWN_ALERT"]);
});

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await tidegate(...args, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

async function tidegate(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TIDEGATE_DATA: folder, ADMIN_TOKEN: bed.token, NO_COLOR: "1" },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close") as Promise<[number]>]);
  return { code, stdout, stderr };
}
