/** Alerts of a real Tidegate: a real service dies, and the control process dies while the receiver refuses. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { AlertNotification, OrchestratorStatus } from "../../packages/platform/src/contract.ts";

const PROGRAM = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const bed = new AsyncDisposableStack();
const arrived: { delivery: unknown; notification: AlertNotification }[] = [];
let refusing = false;
let data: string;

before(async () => {
  data = await mkdtemp(join(tmpdir(), "tidegate-alert-system-"));
  bed.defer(() => rm(data, { recursive: true, force: true }));
  const args = ["up", "--no-demo", "--no-open", "--port", "0", "--redis-port", "0", "--data", data];
  const program = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  bed.defer(() => ended(program));
  await says(program, /Console/);
  const url = await receiver();
  await ask("POST", "alerts/destinations", { id: "ops", kind: "webhook", url, allow_private: true });
});

after(() => bed.disposeAsync());

test("the embedded Redis is killed: its failure and its return are told", async () => {
  const status = (await ask("GET", "orchestrator/status")) as OrchestratorStatus;
  const pid = status.components.find(({ name }) => name === "redis")?.pid;
  assert.ok(pid);
  process.kill(pid, "SIGKILL");
  await until("both are told", () => told("service-failed:redis").length === 2);
  const [firing, resolved] = told("service-failed:redis");
  assert.deepEqual([firing?.notification.event, resolved?.notification.event], ["alert_firing", "alert_resolved"]);
  assert.match(firing?.notification.alert.summary ?? "", /SIGKILL/);
  assert.equal(firing?.notification.alert.severity, "critical");
});

test("the control process is killed while the receiver refuses: the same notification arrives afterwards, once", async () => {
  refusing = true;
  const rule = { id: "requests", name: "Requests", condition: { kind: "log", level: "info", window: 600 }, severity: "low" };
  await ask("POST", "alerts/rules", rule);
  await until("it was tried", async () => {
    // Each request leaves an entry.
    await ask("GET", "orchestrator/status");
    return told("requests:*").length > 0;
  });
  const { children } = JSON.parse(await readFile(join(data, "instance.json"), "utf8")) as { children: { control: number } };
  process.kill(children.control, "SIGKILL");
  const before = told("requests:*").length;
  refusing = false;
  await until("it is tried again", () => told("requests:*").length > before);
  const all = told("requests:*");
  assert.equal(new Set(all.map(({ delivery }) => delivery)).size, 1);
});

async function receiver(): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      arrived.push({ delivery: request.headers["x-tidegate-delivery"], notification: JSON.parse(body) as AlertNotification });
      return response.writeHead(refusing ? 503 : 204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  bed.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function told(id: string): typeof arrived {
  return arrived.filter(({ notification }) => notification.alert.id === id);
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const { consoleUrl } = JSON.parse(await readFile(join(data, "instance.json"), "utf8")) as { consoleUrl: string };
  const token = (await readFile(join(data, "admin-token"), "utf8")).trim();
  const answer = await fetch(new URL(`/api/v1/${path}`, consoleUrl), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const found: unknown = await answer.json();
  assert.ok(answer.ok, JSON.stringify(found));
  return found;
}

async function says(program: ChildProcess, words: RegExp): Promise<void> {
  assert.ok(program.stdout);
  for await (const line of createInterface({ input: program.stdout })) if (words.test(line)) break;
  program.stdout.resume();
}

async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  program.kill("SIGTERM");
  await once(program, "close");
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what} did not come true; arrived: ${JSON.stringify(arrived)}`);
    await pause(50);
  }
}
