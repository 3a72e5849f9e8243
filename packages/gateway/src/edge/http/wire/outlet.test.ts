import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { COPY_UP_TO, Outlet } from "./outlet.ts";

/** A socket whose peer takes nothing until `take`; then everything that was written, as it is by then. */
function slowSocket() {
  const taken: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const hold = (chunks: readonly Buffer[], done: () => void): void => {
    waiting.push(() => {
      taken.push(...chunks.map((chunk) => Buffer.from(chunk)));
      done();
    });
  };
  const duplex = new Duplex({
    read() {},
    write: (chunk: Buffer | string, encoding, done) => hold([typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk], done),
    writev: (chunks: { chunk: Buffer | string; encoding: BufferEncoding }[], done) =>
      hold(
        chunks.map(({ chunk, encoding }) => (typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk)),
        done,
      ),
    decodeStrings: false,
  });
  const take = async (): Promise<string> => {
    while (duplex.writableLength > 0) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Buffer.concat(taken).latin1Slice();
  };
  return { socket: duplex as unknown as Socket, take };
}

describe("an outlet", () => {
  test("writes head, small and large pieces in order, as chunks", async () => {
    const { socket, take } = slowSocket();
    const outlet = new Outlet(socket);
    const large = Buffer.alloc(COPY_UP_TO + 1, "L");
    outlet.head("head\r\n\r\n", true);
    outlet.data(Buffer.from("small"));
    outlet.data(Buffer.alloc(0));
    outlet.data(large);
    outlet.data(Buffer.from([0, 0xff, 0x80]));
    outlet.end("x-sum: 1\r\n");
    outlet.flush();
    const expected = `head\r\n\r\n5\r\nsmall\r\n2001\r\n${large.latin1Slice()}\r\n3\r\n\0\xff\x80\r\n0\r\nx-sum: 1\r\n\r\n`;
    assert.equal(await take(), expected);
    assert.equal(outlet.written, expected.length);
  });

  test("lets a piece that is not larger than COPY_UP_TO be overwritten at once, however much is queued", async () => {
    const shared = Buffer.alloc(COPY_UP_TO);
    const clients = Array.from({ length: 50 }, (_, number) => ({ number, ...slowSocket() }));
    for (const client of clients) {
      const outlet = new Outlet(client.socket);
      outlet.head(`${client.number}:`, false);
      for (let round = 0; round < 5; round++) {
        outlet.data(shared.fill(client.number + round).subarray(0, COPY_UP_TO - round));
        if (round % 2 === 1) outlet.flush();
      }
      outlet.flush();
    }
    for (const { number, take } of clients) {
      const rounds = [0, 1, 2, 3, 4].map((round) => String.fromCharCode(number + round).repeat(COPY_UP_TO - round));
      assert.ok((await take()) === `${number}:${rounds.join("")}`, `client ${number} got bytes that are not its own`);
    }
  });

  test("sends no head whose characters would become line ends", () => {
    const outlet = new Outlet(slowSocket().socket);
    assert.throws(() => outlet.head("x: \u010d\u010aevil: 1\r\n\r\n", false), /above U\+00FF/);
    outlet.head("x: \xff\r\n\r\n", false);
  });

  test("says when the socket wants a pause", async () => {
    const { socket, take } = slowSocket();
    const outlet = new Outlet(socket);
    outlet.head("", false);
    outlet.data(Buffer.from("a"));
    assert.equal(outlet.flush(), true);
    outlet.data(Buffer.alloc(200_000));
    assert.equal(outlet.flush(), false);
    await take();
    assert.equal(outlet.flush(), true);
  });
});
