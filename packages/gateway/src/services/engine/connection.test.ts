/** Tests of the way to the engine, against stand-ins: none, a closed one, one that hangs, is too old or newer than known, hangs up in the middle. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Broker } from "./broker.ts";
import { Connection, negotiate } from "./connection.ts";

const folder = mkdtempSync(join(tmpdir(), "tgc-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const VERSIONS = { "20.10": ["1.41", "1.12"], "28": ["1.51", "1.24"], "29": ["1.52", "1.44"] } as const;

/** As Docker 29 answers, as far as it is asked. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  "/version": { Version: "29.0.1", ApiVersion: "1.52", MinAPIVersion: "1.44", Os: "linux", Arch: "amd64" },
  "/v1.52/info": {
    CgroupVersion: "2",
    SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
    OperatingSystem: "x",
  },
  "/v1.52/networks": [{ Name: "tidegate-test", Id: "n", Created: "2025-01-01T00:00:00Z" }],
};

const answering: RequestListener = (request, response) => {
  const answer = ANSWERS[(request.url ?? "").split("?")[0] ?? ""];
  response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer ?? { message: "page not found" }));
};

async function listening(listener: RequestListener, where: string | number): Promise<Server & AsyncDisposable> {
  const server = createServer(listener).listen(where as number);
  await once(server, "listening");
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

const broker = (dockerHost: string): Broker =>
  new Broker({ dockerHost, namespace: "test", contexts: folder, dataFolder: join(folder, "data") });

describe("a way to the engine", () => {
  it("says what is missing and how to install it, and finds it when it came", async () => {
    const socket = join(folder, "later");
    const engine = broker(`unix://${socket}`);
    await assert.rejects(engine.info(), { code: "DOCKER_MISSING", message: new RegExp(socket), hint: /apt-get install docker\.io/ });
    await using _server = await listening(answering, socket);
    assert.deepEqual(await engine.info(), {
      version: "29.0.1",
      api_version: "1.52",
      cgroup_version: "2",
      rootless: true,
      reach: "published",
    });
  });

  it("reaches one by TCP, and its containers by ports", async () => {
    await using server = await listening(answering, 0);
    const { port } = server.address() as AddressInfo;
    assert.equal((await broker(`tcp://127.0.0.1:${port}`).info()).reach, "published");
  });

  it("says that nobody answers", async () => {
    const stale = join(folder, "stale");
    writeFileSync(stale, "");
    await assert.rejects(broker(`unix://${stale}`).info(), { code: "DOCKER_UNREACHABLE", message: /ECONNREFUSED/ });
    await assert.rejects(broker("tcp://127.0.0.1:1").list(), { code: "DOCKER_UNREACHABLE", message: /ECONNREFUSED/ });
    await assert.rejects(broker("tcp://no-such-host.invalid:2375").info(), { code: "DOCKER_UNREACHABLE" });
  });

  it("does not wait for ever, also not for the rest of an answer", async () => {
    const socket = join(folder, "hangs");
    const hang: RequestListener = (request, response) => {
      if (request.url === "/version") return answering(request, response);
      if (request.url?.endsWith("/_ping") === true) return;
      response.writeHead(200, { "content-length": "1000" }).write("{");
      if (request.url?.endsWith("/info") === true) setImmediate(() => response.destroy());
    };
    await using _server = await listening(hang, socket);
    const connection = new Connection(`unix://${socket}`);
    for (const call of ["ping", "info", "df"] as const)
      await assert.rejects(
        connection.call(call, (docker) => docker[call](), { limit: 150 }),
        { code: "DOCKER_UNREACHABLE", message: /no answer in 0\.15 s|hung up|ECONNRESET/ },
      );
    const stop = new AbortController();
    const aborted = connection.call("ping", (docker) => docker.ping(), { signal: stop.signal });
    stop.abort(new Error("enough"));
    await assert.rejects(aborted, { message: "enough" });
  });

  for (const [status, message, code] of [
    [500, "failed to register layer: write /x: no space left on device", "DISK_FULL"],
    [500, 'connection error: desc = "transport: error while dialing: dial unix containerd.sock"', "DOCKER_UNREACHABLE"],
    [500, "something else", "DOCKER_ERROR"],
    [409, "conflict", "DOCKER_ERROR"],
  ] as const)
    it(`makes ${code} of "${message.slice(0, 40)}"`, async () => {
      const fails: RequestListener = (request, response) => {
        if (!(request.url ?? "").includes("/containers/")) return answering(request, response);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
      };
      const socket = join(folder, "fails");
      await using _server = await listening(fails, socket);
      await assert.rejects(broker(`unix://${socket}`).list(), { code, message: new RegExp(message.slice(0, 9)) });
    });

  it("takes a socket that vanished for a restart once it has answered", async () => {
    const socket = join(folder, "vanishes");
    const engine = broker(`unix://${socket}`);
    {
      await using _server = await listening(answering, socket);
      await engine.info();
    }
    assert.equal(existsSync(socket), false);
    await assert.rejects(engine.list(), { code: "DOCKER_UNREACHABLE", message: /ENOENT/ });
  });

  it("speaks the newest version both know", () => {
    const settled = Object.entries(VERSIONS)
      .map(([version, [newest, oldest]]) => negotiate(newest, oldest, version))
      .sort();
    assert.deepEqual(settled, ["1.41", "1.51", "1.52"]);
    assert.equal(negotiate("1.60", "1.44", "31"), "1.52");
    assert.throws(() => negotiate("1.40", undefined, "19.03"), { code: "DOCKER_ERROR", message: /too old/ });
    assert.throws(() => negotiate("1.99", "1.90", "40"), { code: "DOCKER_ERROR", message: /1\.90 or newer/ });
  });
});
