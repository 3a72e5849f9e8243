import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { connect, type ConnectionOptions } from "node:tls";
import { readClientHello, type ClientHello } from "./client-hello.ts";
import { isLocalName, normalName } from "./server-name.ts";

/** What Node's own TLS sends first. */
async function sentBy(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, ...options });
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [Socket];
  socket.on("error", () => {});
  try {
    return ((await once(socket, "data")) as [Buffer])[0];
  } finally {
    client.destroy();
    socket.destroy();
    server.close();
  }
}

/** With its own lengths, right or wrong. */
function helloWith(extensions: Buffer): Buffer {
  const body = Buffer.concat([Buffer.alloc(34), Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]), u16(extensions.length), extensions]);
  const message = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), u16(message.length), message]);
}

function nameExtension(name: string): Buffer {
  const bytes = Buffer.from(name, "latin1");
  const list = Buffer.concat([Buffer.from([0]), u16(bytes.length), bytes]);
  return Buffer.concat([u16(0), u16(list.length + 2), u16(list.length), list]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function nameIn(hello: ClientHello): string | null {
  return hello.kind === "hello" && hello.serverName !== null ? normalName(hello.serverName) : null;
}

describe("readClientHello", () => {
  it("reads name and protocols, whole or byte by byte, in one record or in many", async () => {
    const bytes = await sentBy({ servername: "app.example", ALPNProtocols: ["h2", "http/1.1"] });
    const expected = { kind: "hello", serverName: "app.example", protocols: ["h2", "http/1.1"] };
    assert.deepEqual(readClientHello(bytes), expected);
    for (let length = 0; length < bytes.length; length += 1)
      assert.equal(readClientHello(bytes.subarray(0, length)).kind, "more", `${length}`);
    const torn = [...bytes.subarray(5)].map((byte) => Buffer.from([22, 3, 1, 0, 1, byte]));
    assert.deepEqual(readClientHello(Buffer.concat(torn)), expected);
    assert.deepEqual(readClientHello(await sentBy({})), { kind: "hello", serverName: null, protocols: [] });
  });

  it("answers to names of any kind, and takes only host names", () => {
    const odd = [
      "",
      ".",
      "a..b",
      "x".repeat(64),
      "x".repeat(255),
      "a.".repeat(127) + "toolong.example",
      "a\0b.example",
      "127.0.0.1",
      "::1",
      "[::1]",
      "über.example",
      "a b",
      "a/b",
      "-a.example",
      "*.example",
    ];
    for (const name of odd) assert.equal(nameIn(readClientHello(helloWith(nameExtension(name)))), null, JSON.stringify(name));
    for (const name of ["localhost", "XN--BCHER-kva.example.", "_dmarc.a-b.c3"]) {
      assert.equal(nameIn(readClientHello(helloWith(nameExtension(name)))), name.toLowerCase().replace(/\.$/, ""));
    }
  });

  it("never throws and never waits for what cannot come, whatever it gets", async () => {
    const good = await sentBy({ servername: "app.example", ALPNProtocols: ["http/1.1"] });
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const seen = new Set<string>();
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Buffer.from(good.subarray(0, round % 5 === 0 ? random(good.length) : good.length));
      for (let change = 0; change <= round % 3 && bytes.length > 0; change += 1) bytes[random(bytes.length)] = random(256);
      const { kind } = readClientHello(bytes);
      seen.add(kind);
    }
    assert.deepEqual([...seen].sort(), ["bad", "hello", "more"]);
    for (const text of ["GET / HTTP/1.1\r\n", "\x80\x2e\x01\x00\x02", "PROXY TCP4 "])
      assert.equal(readClientHello(Buffer.from(text, "latin1")).kind, "bad");
  });

  it("knows which names are for development", () => {
    for (const name of ["localhost", "a.localhost", "a.b.test", "db.internal"]) assert.ok(isLocalName(name), name);
    for (const name of ["test", "internal", "contest", "a.example", "localhost.example"]) assert.ok(!isLocalName(name), name);
  });
});
