import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { Body } from "./body.ts";
import { CHUNKED, UNTIL_CLOSE } from "./framing.ts";
import { HttpError } from "./http-error.ts";

/** What a body of these bytes gives, read in these pieces: `data|trailers|rest`, or the fault. */
function read(length: number, pieces: readonly string[]): string {
  const body = new Body(length);
  let data = "";
  let trailers = "";
  let rest = "";
  const sink = {
    onData: (chunk: Buffer) => void (data += chunk.latin1Slice()),
    onEnd: (fields: { readonly text: string } | null) => void (trailers = fields?.text ?? ""),
  };
  try {
    for (const piece of pieces) {
      const input = Buffer.from(piece, "latin1");
      const at = body.done ? 0 : body.feed(input, 0, input.length, sink);
      rest += piece.slice(at);
    }
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return `${error.status} ${error.code}`;
  }
  return body.done ? `${data}|${trailers}|${rest}` : "incomplete";
}

const CHUNKS: readonly (readonly [text: string, result: string])[] = [
  ["0\r\n\r\n", "||"],
  ["5\r\nhello\r\n0\r\n\r\nrest", "hello||rest"],
  ['5;a=b;c="d e"\r\nhello\r\n00;x\r\n\r\n', "hello||"],
  ["A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789||"],
  ["0\r\nX-Sum: 1\r\n\r\nrest", "|X-Sum: 1\r\n|rest"],
  ["0\r\nHost: evil\r\nX_Forwarded_For: 1\r\nContent-Type: a\r\nAuthorization: b\r\nX-Sum: 1\r\n\r\n", "|X-Sum: 1\r\n|"],
  ["0\r\nHost: evil\r\n\r\n", "||"],
  ["5\r\nhell", "incomplete"],
  ["0\r\nX: 1\r\n", "incomplete"],
  ["\r\n", "400 bad-chunk"],
  [" 5\r\nhello\r\n", "400 bad-chunk"],
  ["5 \r\nhello\r\n", "400 bad-chunk"],
  ["0x5\r\nhello\r\n", "400 bad-chunk"],
  ["+5\r\nhello\r\n", "400 bad-chunk"],
  ["-5\r\nhello\r\n", "400 bad-chunk"],
  ["5\nhello\r\n", "400 bad-chunk"],
  ["5\rhello\r\n", "400 bad-chunk"],
  ["5\r\nhello\n", "400 bad-chunk"],
  ["5\r\nhelloX\r\n", "400 bad-chunk"],
  ["5;a\nb\r\nhello", "400 bad-chunk"],
  ["0\r\n\n", "400 bad-chunk"],
  ["0\r\nX: 1\n\r\n", "400 bad-chunk"],
  ["0\r\nX : 1\r\n\r\n", "400 bad-field"],
  ["0000000000000\r\n\r\n", "400 bad-chunk"],
  ["ffffffffffffffff\r\n", "400 bad-chunk"],
  [`1;${"a".repeat(1025)}\r\n`, "400 bad-chunk"],
  [`1;${"a".repeat(1000)}\r\nx\r\n`.repeat(17), "400 bad-chunk"],
  [`0\r\nX: ${"a".repeat(8192)}`, "400 bad-chunk"],
];

describe("a body", () => {
  for (const [text, result] of CHUNKS) {
    test(`in chunks, ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.equal(read(CHUNKED, [text]), result);
      assert.equal(read(CHUNKED, text.split("")), result, "byte by byte");
    });
  }

  test("of a stated length ends there", () => {
    assert.equal(read(5, ["he", "llorest"]), "hello||rest");
    assert.equal(read(5, ["hell"]), "incomplete");
  });

  test("until close ends with the connection, and only that one", () => {
    const ends: string[] = [];
    const sink = { onData: (chunk: Buffer) => void ends.push(chunk.toString()), onEnd: () => void ends.push("end") };
    const body = new Body(UNTIL_CLOSE);
    body.feed(Buffer.from("abc"), 0, 3, sink);
    assert.equal(body.close(sink), true);
    assert.equal(new Body(3).close(sink), false);
    assert.equal(new Body(CHUNKED).close(sink), false);
    assert.deepEqual(ends, ["abc", "end"]);
  });

  test("gives what was sent, whatever its chunks and wherever the reads split them", () => {
    const bytes = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), fc.array(fc.nat(9), { maxLength: 40 }), (chunks, cuts) => {
        const text = chunks.map((chunk) => `${chunk.length.toString(16)};e\r\n${chunk}\r\n`).join("") + "0\r\nX-T: 1\r\n\r\nnext";
        assert.equal(read(CHUNKED, split(text, cuts)), `${chunks.join("")}|X-T: 1\r\n|next`);
      }),
      { numRuns: 300 },
    );
  });
});

function split(text: string, cuts: readonly number[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const length of cuts) pieces.push(text.slice(at, (at += length + 1)));
  return [...pieces, text.slice(at)].filter((piece) => piece !== "");
}
