/**
 * The life of a whole Tidegate, with real processes: it comes up, survives the death of its parts, and goes away as one,
 * leaving data and no process behind.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { getPriority, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, findInstance, type InstanceFile } from "@tidegate/streams";
import { isAlive } from "../../packages/platform/src/supervisor/processes.ts";

const LAUNCHER = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const LIMIT = { timeout: 120_000 };

type Record = InstanceFile & { readonly children: { readonly redis: number; readonly control: number; readonly "edge-1": number } };

describe("tidegate up", LIMIT, () => {
  const folders: string[] = [];
  const running: Up[] = [];
  const up = (data: string, ...flags: string[]): Up =>
    started(running, new Up(spawn(process.execPath, command(data, flags), { env: environment() })));
  const upAtTerminal = (data: string): Up =>
    started(
      running,
      new Up(spawn("script", ["-qec", quoted([process.execPath, ...command(data, [])]), "/dev/null"], { env: environment() })),
    );
  const folder = (): string => remembered(folders, mkdtempSync(join(tmpdir(), "tidegate-life-")));

  afterEach(async () => {
    for (const process of running.splice(0)) await process.end();
  });
  after(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

  it("becomes healthy on free ports, goes before what Docker starts where it may, and on SIGTERM everything is gone but the data", async () => {
    const data = folder();
    const first = up(data);
    await first.says(/Console/);
    const record = read(data);
    assertFirst(record);
    assert.ok((record.ports["console"] ?? 0) > 0 && (record.ports["redis"] ?? 0) > 0);
    assert.equal((await fetch(`${record.consoleUrl}/health`)).status, 200);
    await publish(data, 10);
    first.child.kill("SIGTERM");
    assert.equal(await first.exit, 0);
    assertGone(record);
    assert.equal(existsSync(join(data, "instance.json")), false);

    await up(data).says(/Console/);
    assert.equal(await stored(data), 10);
  });

  it("starts a killed Redis again and keeps what was stored", async () => {
    const data = folder();
    const life = up(data);
    await life.says(/Console/);
    await publish(data, 5);
    const before = read(data);
    process.kill(before.children.redis, "SIGKILL");
    await life.says(/Redis is back/);
    const now = read(data);
    assert.notEqual(now.children.redis, before.children.redis);
    assert.equal(now.children.control, before.children.control);
    assert.equal(await stored(data), 5);
  });

  it("starts a killed control process again at the same address, and a killed edge worker, each alone", async () => {
    const data = folder();
    const life = up(data);
    await life.says(/Console/);
    const before = read(data);
    process.kill(before.children.control, "SIGKILL");
    await life.says(/control process is back/);
    assert.equal((await fetch(`${before.consoleUrl}/health`)).status, 200);
    assert.deepEqual(read(data).children, { ...before.children, control: read(data).children.control });
    process.kill(before.children["edge-1"], "SIGKILL");
    await life.says(/Edge worker 1 ended by signal SIGKILL[\s\S]*Edge worker 1 is back/);
    assert.notEqual(read(data).children["edge-1"], before.children["edge-1"]);
  });

  it("leaves no orphan when the supervisor is killed, and starts anew at once", async () => {
    const data = folder();
    const first = up(data);
    await first.says(/Console/);
    await publish(data, 5);
    const before = read(data);
    process.kill(before.pid, "SIGKILL");
    await first.exit;
    await up(data).says(/Console/);
    assertGone(before);
    assert.equal(await stored(data), 5);
  });

  it("ends a killed supervisor's children although nobody starts it again", async () => {
    const data = folder();
    const life = up(data);
    await life.says(/Console/);
    const record = read(data);
    const closed = connectionEnds(record.ports["redis"] ?? 0);
    process.kill(record.pid, "SIGKILL");
    await closed;
    await life.exit;
  });

  it("drains on a Ctrl-C at a terminal and loses nothing", { skip: process.platform !== "linux" }, async () => {
    const data = folder();
    const life = upAtTerminal(data);
    await life.says(/Ctrl-C stops/);
    const record = read(data);
    await publish(data, 20);
    life.child.stdin?.write("\u0003");
    await life.says(/all data is kept/);
    assert.equal(await life.exit, 0);
    assertGone(record);
    await up(data).says(/Console/);
    assert.equal(await stored(data), 20);
  });

  it("refuses a second one in the same folder", async () => {
    const data = folder();
    await up(data).says(/Console/);
    const second = up(data);
    assert.equal(await second.exit, 5);
    assert.match(second.output, /already runs in .* \(process \d+\)/);
  });

  it("names a port in use and leaves nothing running", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as { port: number };
    const data = folder();
    const life = up(data, "--port", String(port));
    assert.equal(await life.exit, 5);
    assert.match(life.output, new RegExp(`Port ${port} .*\n.*--port`));
    assert.equal(existsSync(join(data, "instance.json")), false);
    blocker.close();
  });
});

/** One run of the program and what it has said so far. */
class Up {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  output = "";
  #wake: () => void = () => {};

  constructor(child: ChildProcess) {
    this.child = child;
    this.exit = once(child, "close").then(([code]) => code as number | null);
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => this.#heard(text));
    void this.exit.then(() => this.#wake());
  }

  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        assert.fail(`it ended without saying ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGTERM");
    await this.exit;
  }

  #heard(text: string): void {
    this.output += text;
    this.#wake();
  }
}

function command(data: string, flags: readonly string[]): string[] {
  return [
    "--conditions=@tidegate/source",
    LAUNCHER,
    "up",
    "--no-open",
    "--redis-port",
    "0",
    "--data",
    data,
    ...(flags.length > 0 ? flags : ["--port", "0"]),
  ];
}

/** Nothing of the surrounding shell: not its Redis, not its folder. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm" };
}

function quoted(words: readonly string[]): string {
  return `exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}`;
}

function started(list: Up[], life: Up): Up {
  list.push(life);
  return life;
}

function remembered(list: string[], path: string): string {
  list.push(path);
  return path;
}

function read(data: string): Record {
  return JSON.parse(readFileSync(join(data, "instance.json"), "utf8")) as Record;
}

function assertGone(record: Record): void {
  for (const pid of [record.pid, ...Object.values(record.children)]) assert.equal(isAlive(pid), false, `process ${pid} is still there`);
}

/** Above everybody else's, which is a privilege; the supervisor has no work and stays among them. */
function assertFirst({ pid, children }: Record): void {
  const own = getPriority();
  const theirs = mayGoFirst() ? -15 : own;
  for (const [name, id] of Object.entries(children)) assert.equal(getPriority(id), theirs, `the priority of ${name}`);
  assert.equal(getPriority(pid), own);
}

/** Root of a container may lack the capability. */
function mayGoFirst(): boolean {
  const own = getPriority();
  try {
    setPriority(own - 1);
    setPriority(own);
    return true;
  } catch {
    return false;
  }
}

async function publish(data: string, count: number): Promise<void> {
  await using tide = await connectTo(data);
  const results = await tide.publishMany(
    "identity",
    Array.from({ length: count }, (_, index) => ({ type: "user_created", data: { index } })),
  );
  assert.ok(results.every((result) => result.ok));
}

async function stored(data: string): Promise<number> {
  await using tide = await connectTo(data);
  return (await tide.streamInfo("identity")).length;
}

function connectTo(data: string): ReturnType<typeof connect> {
  const found = findInstance({ TIDEGATE_DATA: data });
  assert.ok(found?.password !== undefined);
  return connect({ url: found.file.redisUrl, password: found.password, namespace: found.file.namespace });
}

/** Redis closes its connections when it ends: an event, where a foreign process gives none. */
async function connectionEnds(port: number): Promise<void> {
  const { connect: dial } = await import("node:net");
  const socket = dial(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.resume();
  await once(socket, "close");
}
