/** The edge with a real Redis and real connections: switched under load, drained, paused, guarded, and alone. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect as dialTls } from "node:tls";
import { Certificates } from "../../../streams/src/testing/certificates.ts";
import { until } from "../../../streams/src/testing/events.ts";
import { freePort } from "../../../streams/src/testing/redis-server.ts";
import { closed, EdgeBed, exchange, portOf, stay } from "./testing/bed.ts";

const NEVER = new AbortController().signal;
const hash = (token: string): string => createHash("sha256").update(token).digest("hex");

describe("the edge", { timeout: 60_000 }, () => {
  let bed: EdgeBed;
  before(async () => {
    bed = await EdgeBed.open();
    await Promise.all([bed.worker("one"), bed.worker("two")]);
  });
  after(() => bed[Symbol.asyncDispose]());

  it("switches twenty times under load without a failed connection, and drains what it left", async () => {
    const port = await freePort();
    let current = await bed.backend("v0");
    await bed.edge.set([portOf(port, [current.endpoint])], NEVER);
    const served = new Set<string>();
    let count = 0;
    const over = new AbortController();
    const clients = Array.from({ length: 4 }, async () => {
      for (; !over.signal.aborted; count += 1) served.add((await exchange(port, "x")).split(":")[0] ?? "");
    });
    for (let version = 1; version <= 20; version += 1) {
      const next = await bed.backend(`v${version}`);
      await bed.edge.set([portOf(port, [next.endpoint])], NEVER);
      assert.equal(await bed.edge.drain(current.name, 5, NEVER), 0);
      current.close();
      await until(`${next.name} serves`, async () => served.has(next.name));
      current = next;
    }
    await until("there were enough", async () => count >= 200);
    over.abort();
    await Promise.all(clients);
    assert.equal(await exchange(port, "x"), "v20:x");
    assert.equal(served.size, 21);
  });

  it("cuts what a drain leaves over and says how many", async () => {
    const port = await freePort();
    const [old, next] = [await bed.backend("old"), await bed.backend("next")];
    await bed.edge.set([portOf(port, [old.endpoint])], NEVER);
    const sockets = await Promise.all([stay(port), stay(port), stay(port)] as const);
    await bed.edge.set([portOf(port, [next.endpoint])], NEVER);
    const heard = once(sockets[0], "data");
    sockets[0].write("still");
    assert.equal(String((await heard)[0]), "still");
    sockets[0].end();
    const ends = sockets.slice(1).map(closed);
    assert.equal(await bed.edge.drain("old", 0.3, NEVER), 2);
    await Promise.all(ends);
    assert.equal(old.connections, 0);
  });

  it("touches only what a change changes", async () => {
    const [one, two] = [await freePort(), await freePort()];
    const backend = await bed.backend("both");
    await bed.edge.set([portOf(one, [backend.endpoint]), portOf(two, [backend.endpoint])], NEVER);
    const sockets = await Promise.all([stay(one), stay(two)]);
    await bed.edge.set([portOf(one, [])], NEVER);
    await assert.rejects(exchange(one, "x"), { code: "ECONNRESET" });
    await bed.edge.remove([{ bind: "127.0.0.1", port: one }], NEVER);
    await assert.rejects(exchange(one, "x"), { code: "ECONNREFUSED" });
    for (const socket of sockets) {
      const heard = once(socket, "data");
      socket.write("on");
      assert.equal(String((await heard)[0]), "on");
      socket.destroy();
    }
    assert.deepEqual(
      (await bed.edge.list()).filter(({ service, port }) => service === "web" && [one, two].includes(port)),
      [portOf(two, [backend.endpoint])],
    );
  });

  it("holds connections while a service is paused, and lets them go when it is over", async () => {
    const port = await freePort();
    const backend = await bed.backend("held");
    await bed.edge.set([portOf(port, [backend.endpoint], { mode: "paused", hold: 30 })], NEVER);
    const waiting = [exchange(port, "a"), exchange(port, "b")];
    await until("two are held", async () => (await bed.edge.workers()).reduce((sum, { held }) => sum + held, 0) === 2);
    assert.equal(backend.connections, 0);
    await bed.edge.set([portOf(port, [backend.endpoint])], NEVER);
    assert.deepEqual(await Promise.all(waiting), ["held:a", "held:b"]);
    await bed.edge.set([portOf(port, [backend.endpoint], { mode: "paused", hold: 0.05 })], NEVER);
    await assert.rejects(exchange(port, "late"), { code: "ECONNRESET" });
  });

  it("waits for a service that is just coming back", async () => {
    const [port, later] = [await freePort(), await freePort()];
    await bed.edge.set([portOf(port, [{ id: "later", host: "127.0.0.1", port: later }])], NEVER);
    const answer = exchange(port, "x");
    await assert.rejects(exchange(later, "x"), { code: "ECONNREFUSED" });
    const backend = await bed.backend("came");
    await bed.edge.set([portOf(port, [backend.endpoint])], NEVER);
    assert.equal(await answer, "came:x");
  });

  it("says why a port cannot be had, and takes the change back", async () => {
    const stranger = createServer().listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const { port } = stranger.address() as AddressInfo;
    try {
      const refusal = { code: "PORT_TAKEN", message: /EADDRINUSE/ };
      await assert.rejects(bed.edge.set([portOf(port, [])], NEVER), refusal);
      assert.equal(
        (await bed.edge.list()).some((one) => one.port === port),
        false,
      );
      await until("no failure is left", async () => (await bed.edge.workers()).every(({ failed }) => failed.length === 0));
    } finally {
      stranger.close();
    }
  });

  describe("with a token", () => {
    let port = 0;
    before(async () => {
      port = await freePort();
      const backend = await bed.backend("safe");
      const access = { token_hashes: [hash("other"), hash("secret")], client_ca: null };
      await bed.edge.set([portOf(port, [backend.endpoint], { service: "safe", access })], NEVER);
    });

    it("passes on what comes behind the right one", async () => {
      assert.equal(await exchange(port, "TIDEGATE secret\r\nhello"), "OK\r\nsafe:hello");
      assert.equal(await exchange(port, "TIDEGATE other\r\n"), "OK\r\nsafe:");
      const http = "GET / HTTP/1.1\r\nAuthorization: Bearer secret\r\nHost: a\r\n\r\n";
      assert.equal(await exchange(port, http), "safe:GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    });

    it("says no, audits it, and soon does not listen any more", async () => {
      assert.equal(await exchange(port, "hello\r\n"), "DENIED it begins neither with TIDEGATE <token> nor as an HTTP request\r\n");
      assert.match(await exchange(port, "GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer/);
      let answers = 0;
      // Each worker counts for itself.
      for (; answers < 30; answers += 1) {
        const answer = await exchange(port, "TIDEGATE wrong\r\nDROP TABLE").catch(() => "");
        if (answer === "") break;
        assert.equal(answer, "DENIED wrong token\r\n");
      }
      assert.ok(answers >= 10 && answers < 30, `${answers} answers`);
      const entries = async (): Promise<string> =>
        JSON.stringify(await bed.tide.store("look").ask(["XRANGE", "logs:audit:stream", "-", "+"]));
      await until("it is audited", async () => /ports\/safe\/http.*wrong token/.test(await entries()));
    });
  });

  it("closes on whoever says nothing", async () => {
    await using alone = await EdgeBed.open();
    await alone.worker("one", { gate: { patience: 50, mostPerAddress: 2 } });
    const port = await freePort();
    const access = { token_hashes: [hash("secret")], client_ca: null };
    await alone.edge.set([portOf(port, [], { access })], NEVER);
    const silent = await stay(port);
    await closed(silent);
  });

  it("takes a certificate of the given authority, or else a token", async () => {
    await using certificates = await Certificates.make();
    const pem = (name: string): Promise<string> => certificates.pem(name);
    const [port, backend] = [await freePort(), await bed.backend("tls")];
    const set = async (token_hashes: readonly string[]): Promise<void> =>
      bed.edge.set([portOf(port, [backend.endpoint], { access: { token_hashes, client_ca: await pem("ca.crt") } })], NEVER);
    const say = async (client: string | null, text: string): Promise<string> => {
      const ca = await readFile(join(bed.folder, "edge-tls.pem"));
      const identity = client === null ? {} : { key: await pem(`${client}.key`), cert: await pem(`${client}.crt`) };
      // The types do not know that sockets of TLS may stay half open.
      const options = { port, host: "127.0.0.1", ca, allowHalfOpen: true, ...identity };
      const socket = dialTls(options);
      let heard = "";
      socket.setEncoding("latin1").on("data", (chunk: string) => (heard += chunk));
      socket.on("error", () => {});
      socket.end(text);
      await closed(socket);
      return heard;
    };
    await set([]);
    assert.equal((await stat(join(bed.folder, "edge-tls.pem"))).mode & 0o777, 0o600);
    assert.equal(await say("client", "hello"), "tls:hello");
    assert.equal(await say("stranger-client", "hello"), "");
    assert.equal(await say(null, "hello"), "");
    await set([hash("secret")]);
    assert.equal(await say(null, "TIDEGATE secret\r\nhello"), "OK\r\ntls:hello");
    assert.equal(await say("stranger-client", "TIDEGATE wrong\r\n"), "DENIED wrong token\r\n");
    await assert.rejects(bed.edge.set([portOf(port, [], { access: { token_hashes: [], client_ca: "no certificate" } })], NEVER), {
      code: "INVALID_SPEC",
    });
    assert.equal(await say("client", "as before"), "tls:as before");
  });
});

describe("the edge alone", { timeout: 60_000 }, () => {
  it("serves on while Redis is away, from a cold start too, and follows again when it is back", async () => {
    await using bed = await EdgeBed.open();
    const first = await bed.worker("one");
    const [port, backend] = [await freePort(), await bed.backend("kept")];
    await bed.edge.set([portOf(port, [backend.endpoint])], NEVER);
    await until("the table is on disk", async () =>
      (await readFile(join(bed.folder, "edge-snapshot.json"), "utf8").catch(() => "")).includes(`${port}`),
    );
    assert.equal((await stat(join(bed.folder, "edge-snapshot.json"))).mode & 0o777, 0o600);
    await bed.redis.kill("SIGKILL");
    assert.equal(await exchange(port, "x"), "kept:x");
    await first.stop();
    await bed.worker("two");
    assert.equal(await exchange(port, "x"), "kept:x");
    await bed.redis.start();
    const next = await bed.backend("next");
    await until("Redis answers", async () =>
      bed.edge.list().then(
        () => true,
        () => false,
      ),
    );
    await bed.edge.set([portOf(port, [next.endpoint])], NEVER);
    assert.equal(await exchange(port, "x"), "next:x");
  });

  it("loses with a killed worker only its connections", async () => {
    await using bed = await EdgeBed.open();
    await bed.worker("one");
    const killed = bed.process("two");
    await until("both report", async () => (await bed.edge.workers()).length === 2);
    const [port, backend] = [await freePort(), await bed.backend("shared")];
    await bed.edge.set([portOf(port, [backend.endpoint])], NEVER);
    const sockets = await Promise.all(Array.from({ length: 40 }, () => stay(port)));
    const lost = new Set<Socket>();
    for (const socket of sockets) socket.once("close", () => lost.add(socket));
    const counts = async (): Promise<number[]> => (await bed.edge.workers()).map(({ connections }) => connections["shared"] ?? 0);
    await until("all are reported", async () => (await counts()).reduce((sum, count) => sum + count, 0) === 40);
    const theirs = (await bed.edge.workers()).find(({ id }) => id === "two")?.connections["shared"] ?? 0;
    assert.ok(theirs > 0 && theirs < 40, `the killed one has ${theirs} of 40`);
    killed.kill("SIGKILL");
    await until("its connections are gone", async () => lost.size === theirs);
    for (let count = 0; count < 20; count += 1) assert.equal(await exchange(port, "x"), "shared:x");
    // Until it is known to be dead nobody can say that it has followed.
    const next = await bed.backend("next");
    await bed.edge.set([portOf(port, [next.endpoint])], NEVER);
    assert.equal(await exchange(port, "x"), "next:x");
    assert.equal(lost.size, theirs);
    for (const socket of sockets) socket.destroy();
  });

  it("is missed when nobody serves", async () => {
    await using bed = await EdgeBed.open({ patience: 300 });
    await assert.rejects(bed.edge.set([portOf(1, [])], NEVER), { code: "EDGE_UNAVAILABLE" });
    assert.deepEqual(await bed.edge.list(), []);
    const stop = new AbortController();
    const given = bed.edge.set([portOf(1, [])], stop.signal);
    stop.abort(new Error("enough"));
    await assert.rejects(given, /enough/);
  });
});
