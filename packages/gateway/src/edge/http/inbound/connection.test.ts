import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { Conversation, Peer } from "../exchange.ts";
import { HttpConnections } from "../inbound.ts";
import { HttpError } from "../wire/http-error.ts";

const PEER: Peer = { address: "192.0.2.1", port: 1, localPort: 80, secure: false, serverName: null, tlsVersion: null };

class LooseEnd extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
  setNoDelay(): this {
    return this;
  }
  resetAndDestroy(): this {
    return this.destroy();
  }
}

/** Everything a connection makes of these bytes, read in these pieces. */
function heard(pieces: readonly Buffer[]): string[] {
  const said: string[] = [];
  const connections = new HttpConnections({
    handler: (conversation) => receive(conversation, said),
    onRefused: ({ status, reason }) => void said.push(`refused ${status} ${reason}`),
    onError: (error) => void said.push(`BROKEN ${error.stack}`),
  });
  const socket = new LooseEnd();
  connections.admit(socket as unknown as Socket, PEER);
  for (const piece of pieces) if (!socket.destroyed) socket.emit("data", piece);
  const { open, requests } = connections.counts;
  connections.cutAll();
  socket.emit("close");
  return [...said, `${open} open after ${requests}`];
}

function receive(conversation: Conversation, said: string[]): void {
  const { method, target, host, length, keepAlive, upgrade, fields } = conversation.request;
  said.push(`${method} ${target} ${host} ${length} ${keepAlive} ${upgrade} ${fields.text}`);
  let body = "";
  conversation.receive({
    onData: (chunk) => void (body += chunk.latin1Slice()),
    onEnd(trailers) {
      said.push(`body ${body} ${trailers?.text ?? ""}`);
      conversation.answer(200, "", "");
    },
    onReadDone: () => true,
    onDrain: () => {},
    onGone: (error) => void (error instanceof HttpError && said.push(`lost ${error.status} ${error.code} after ${body}`)),
  });
}

const TOKENS = ["GET", "POST", " ", "/", "/a?b", "http://a/", "*", " HTTP/1.1", " HTTP/1.0", "\r\n", "\r\n\r\n", "\n", "\r", "Host: a\r\n"];
const LINES = ["Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n", "abc"];
const CHUNKS = ["3\r\nabc\r\n", "0\r\n\r\n", "0\r\nX: 1\r\n\r\n", "1;x\r\na\r\n", ":", "_", "\0", "\xff"];
const REQUESTS = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
  "POST /y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
  "GET /z HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
];

/** Requests, some of them broken: what is put where. */
const stream = fc
  .tuple(
    fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(200), fc.nat(3), fc.constantFrom(...TOKENS, ...LINES, ...CHUNKS)), { maxLength: 3 }),
  )
  .map(([requests, edits]) => {
    let text = requests.join("");
    for (const [at, removed, put] of edits) text = text.slice(0, at) + put + text.slice(at + removed);
    return text;
  });

describe("a connection", () => {
  test("hears the same however the bytes are split, and never anything but HTTP or a fault of its grammar", () => {
    let whole = 0;
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 50 }), (text, lengths) => {
        const atOnce = heard([Buffer.from(text, "latin1")]);
        whole += atOnce.filter((line) => line.startsWith("body")).length;
        assert.deepEqual(heard(split(text, lengths)), atOnce);
        assert.deepEqual(heard(split(text, Array.from({ length: text.length }).fill(1) as number[])), atOnce, "byte by byte");
        assert.ok(!atOnce.some((line) => line.startsWith("BROKEN")), atOnce.join("\n"));
      }),
      { numRuns: 1000 },
    );
    assert.ok(whole > 300, `only ${whole} requests were whole`);
  });

  test("refuses before the head is whole what can never become one", () => {
    const begun: readonly (readonly [bytes: string, refused: string])[] = [
      ["\x16\x03\x01\x02", "400 bad-request-line"],
      ["GET / HTTP/1.1\nHost: a\n", "400 bad-request-line"],
      ["GET / HTTP/1.1\r\nHost: a\n\n", "400 bad-field"],
      ["\r\n\r\nGET", "400 bad-request-line"],
      [`GET / HTTP/1.1\r\nX: ${"a".repeat(32_768)}`, "431 head-too-large"],
      [`GET /${"a".repeat(33_000)}`, "414 target-too-long"],
    ];
    for (const [bytes, refused] of begun) assert.deepEqual(heard([Buffer.from(bytes, "latin1")]).slice(0, 1), [`refused ${refused}`]);
  });
});

function split(text: string, lengths: readonly number[]): Buffer[] {
  const pieces: string[] = [];
  let at = 0;
  for (const length of lengths) pieces.push(text.slice(at, (at += length)));
  return [...pieces, text.slice(at)].filter((piece) => piece !== "").map((piece) => Buffer.from(piece, "latin1"));
}
