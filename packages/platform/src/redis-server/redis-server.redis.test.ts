import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { commandLine } from "../supervisor/processes.ts";
import { choosePort, findRedisProgram } from "./find.ts";
import { ping } from "./ping.ts";
import { RedisServer } from "./redis-server.ts";

describe("RedisServer", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(join(tmpdir(), "tidegate redis "))));
  after(() => rmSync(folder, { recursive: true }));

  const prepare = (): Promise<RedisServer> => RedisServer.prepare({ dataFolder: folder, port: 0, portChosen: false, searchPath: "" });

  it("answers with its kept password only, is recognisable, and ends on SIGTERM", async () => {
    const server = await prepare();
    const child = server.spawn();
    const exit = once(child, "exit");
    await server.ready(AbortSignal.timeout(10_000));
    assert.equal(await ping(server.port, server.password), "ready");
    assert.equal(await ping(server.port, "wrong"), "refused");
    assert.ok(commandLine(child.pid ?? 0).includes(RedisServer.mark(folder)));
    child.kill("SIGTERM");
    assert.deepEqual(await exit, [0, null]);
    assert.equal((await prepare()).password, server.password);
    for (const file of ["redis-password", "redis/redis.conf"]) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(folder, "redis-password"), "utf8").trim().length, 43);
  });

  it("says its last words when it does not start", async () => {
    const blocker = createServer();
    const port = await listening(blocker);
    const server = await RedisServer.prepare({ dataFolder: folder, port: await choosePort(0, false), portChosen: false, searchPath: "" });
    const child = server.spawn();
    const gone = new AbortController();
    const exit = once(child, "exit").then(() => gone.abort());
    child.kill("SIGKILL");
    await exit;
    await assert.rejects(server.ready(gone.signal), { code: "REDIS_SERVER_FAILED" });
    assert.equal(await ping(port, "x"), "silent");
    blocker.close();
  });
});

describe("choosePort", () => {
  it("takes another one when the wanted is busy, but not when exactly it was asked for", async () => {
    const blocker = createServer();
    const port = await listening(blocker);
    assert.notEqual(await choosePort(port, false), port);
    await assert.rejects(choosePort(port, true), { code: "PORT_IN_USE", exitCode: 5, message: new RegExp(String(port)) });
    blocker.close();
  });
});

describe("findRedisProgram", () => {
  it("finds one although PATH is empty", () => assert.match(findRedisProgram(""), /(redis|valkey)-server$/));
});

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await once(server.on("connection", (socket) => socket.destroy()).listen(0, "127.0.0.1"), "listening");
  return (server.address() as { port: number }).port;
}
