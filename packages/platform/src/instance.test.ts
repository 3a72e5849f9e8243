import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { Instance, readInstance, type InstanceRecord } from "./instance.ts";
import { birthOf } from "./supervisor/processes.ts";

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe("Instance", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tidegate-instance-"));
    folders.push(folder);
  });

  it("is a private file that goes with its owner", async () => {
    const instance = await Instance.claim(folder, record(process.pid), {}, unexpected);
    await instance.update({ consoleUrl: "http://127.0.0.1:1" });
    assert.equal((await readInstance(folder))?.consoleUrl, "http://127.0.0.1:1");
    assert.equal(statSync(join(folder, "instance.json")).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    await instance.release();
    assert.equal(existsSync(join(folder, "instance.json")), false);
  });

  it("refuses a second live owner", async () => {
    const other = await idle("up");
    await Instance.claim(folder, record(other.pid ?? 0), {}, unexpected);
    await assert.rejects(Instance.claim(folder, record(process.pid), {}, unexpected), { code: "ALREADY_RUNNING", exitCode: 5 });
    await ended(other);
  });

  it("ends what a killed owner left, and leaves strangers with the same id alone", async () => {
    const ours = await idle("mark-of-ours");
    const edge = await idle("mark-of-the-edge");
    const stranger = await idle("somebody-else");
    const left = { ...record(2 ** 22 + 1), children: { redis: ours.pid ?? 0, "edge-2": edge.pid ?? 0, control: stranger.pid ?? 0 } };
    writeFileSync(join(folder, "instance.json"), JSON.stringify(left));
    const exit = once(ours, "exit");
    const told: string[] = [];
    const marks = { redis: "mark-of-ours", edge: "mark-of-the-edge", control: "mark-of-ours" };
    const instance = await Instance.claim(folder, record(process.pid), marks, (name) => told.push(name));
    await exit;
    assert.deepEqual(told, ["edge-2", "redis"]);
    assert.equal(stranger.exitCode ?? stranger.signalCode, null);
    await ended(stranger);
    await instance.release();
  });

  it("takes over a file that is no JSON", async () => {
    writeFileSync(join(folder, "instance.json"), "{");
    await (await Instance.claim(folder, record(process.pid), {}, unexpected)).release();
  });
});

function record(pid: number): InstanceRecord {
  const redis = { redisUrl: "redis://127.0.0.1:1", redisPasswordFile: null };
  return {
    pid,
    startedAt: 0,
    version: "0",
    state: "starting",
    birth: birthOf(pid),
    namespace: "n",
    ...redis,
    consoleUrl: "",
    ports: {},
    children: {},
  };
}

async function idle(mark: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log(1)", mark], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout !== null) await once(child.stdout, "data");
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function unexpected(name: string): void {
  assert.fail(`nothing to end, but ${name} was`);
}
