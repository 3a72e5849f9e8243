/** Bind addresses: one spelling each, and the overlaps of the machine's own kernel. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import { GatewayError } from "../errors.ts";
import { addressesHere, checkBind, normalBind, overlaps } from "./overlaps.ts";
import { probe, type Protocol } from "./probe.ts";
import { parseSockets } from "./sockets.ts";

test("an address has one spelling", () => {
  const cases: [string, string | null][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["localhost", "127.0.0.1"],
    ["LOCALHOST", "127.0.0.1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:7F00:1", "127.0.0.1"],
    ["0:0:0:0:0:ffff:0a01:0203", "10.1.2.3"],
    ["::ffff:0.0.0.0", "0.0.0.0"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["0::0", "::"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["fe80::1%eth0", null],
    ["127.1", null],
    ["127.0.0.01", null],
    ["0x7f000001", null],
    ["256.0.0.1", null],
    ["*", null],
    ["", null],
    [" 127.0.0.1", null],
    ["[::1]", null],
    ["example.org", null],
    ["127.0.0.1:80", null],
  ];
  for (const [given, expected] of cases) assert.equal(normalBind(given), expected, given);
});

test("however an address is written, it is the same, and overlapping has no direction", () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), fc.ipV4(), (one, other, four) => {
      const [a, b] = [normalBind(one), normalBind(other)];
      assert.ok(a !== null && b !== null);
      assert.equal(normalBind(a), a);
      assert.equal(normalBind(one.toUpperCase()), a);
      assert.equal(normalBind(`::ffff:${four}`), four);
      for (const bind of [a, b, four, "::", "0.0.0.0"]) {
        assert.equal(overlaps(a, bind), overlaps(bind, a));
        assert.ok(overlaps(bind, bind) && overlaps("::", bind));
      }
      assert.ok(overlaps("0.0.0.0", four));
    }),
  );
});

test("what is refused says which addresses there are", () => {
  for (const bind of ["fe80::1%eth0", "198.51.100.77", "2001:db8::77", "eth0"])
    assert.throws(
      () => checkBind(bind),
      (error) =>
        error instanceof GatewayError && error.code === "INVALID_PORT" && /There are: 0\.0\.0\.0, ::, 127\.0\.0\.1/.test(error.hint ?? ""),
    );
  assert.equal(checkBind("localhost"), "127.0.0.1");
});

test(
  "overlaps are the kernel's own, over all pairs of addresses",
  { skip: process.platform !== "linux" && "macOS has other rules" },
  async () => {
    const here = [...new Set([...addressesHere(), "127.0.0.2"])].slice(0, 8);
    const spelled = [...here, "::ffff:127.0.0.1", "0:0:0:0:0:0:0:0"];
    const there = await Promise.all(spelled.map(async (bind) => (await probe("tcp", normalBind(bind) ?? "", 0)) === "free"));
    const usable = spelled.filter((_, at) => there[at]);
    for (const protocol of ["tcp", "udp"] as const)
      for (const first of usable) {
        await using taken = await take(protocol, first);
        for (const second of usable) {
          const expected = overlaps(normalBind(first) ?? "", normalBind(second) ?? "") ? "taken" : "free";
          assert.equal(await probe(protocol, normalBind(second) ?? "", taken.port), expected, `${protocol} ${first} and ${second}`);
        }
      }
  },
);

test("sockets are read as the kernel writes them", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  0 0 12 2 0 0
   2: 0000000000000000FFFF00000100007F:1F91 0000000000000000FFFF00000100007F:0050 01 00000000:00000000 00:00000000 00000000  0 0 13 2 0 0
`;
  const read = parseSockets(text).map(({ address, ...rest }) => ({ ...rest, address: address() }));
  assert.deepEqual(read, [
    { port: 8080, inode: "4711", listening: true, address: "127.0.0.1" },
    { port: 53, inode: "12", listening: true, address: "2001:db8::1" },
    { port: 8081, inode: "13", listening: false, address: "127.0.0.1" },
  ]);
});

/** Listens at the address as it is written, on a port that is free on every address. */
async function take(protocol: Protocol, bind: string): Promise<AsyncDisposable & { port: number }> {
  const port = await freeEverywhere(protocol);
  if (protocol === "tcp") {
    const server = createServer().listen({ host: bind, port, exclusive: true });
    await once(server, "listening");
    return { port, [Symbol.asyncDispose]: async () => void (await once(server.close(), "close")) };
  }
  const socket = createSocket(bind.includes(":") ? "udp6" : "udp4").bind({ address: bind, port, exclusive: true });
  await once(socket, "listening");
  return { port, [Symbol.asyncDispose]: async () => void (await once(socket.close(), "close")) };
}

/** Below those of outgoing connections. */
async function freeEverywhere(protocol: Protocol): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if ((await probe(protocol, "0.0.0.0", port)) === "free" && (await probe(protocol, "::", port)) !== "taken") return port;
  }
}
