/** Tests of reading a container's log: frames cut anywhere, two outputs, long lines, times. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogLine } from "./engine.ts";
import { logLines } from "./logs.ts";

const at = "2024-05-01T10:00:00.123456789Z";
const ms = Date.parse("2024-05-01T10:00:00.123Z");

function frame(kind: number, text: string | Buffer): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = kind;
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

async function read(bytes: Buffer, size: number, tty = false): Promise<LogLine[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, part) => bytes.subarray(part * size, (part + 1) * size));
  return Array.fromAsync(
    logLines(
      (async function* (): AsyncGenerator<Buffer> {
        yield* chunks;
      })(),
      tty,
    ),
  );
}

const mixed = Buffer.concat([
  frame(1, `${at} one\n`),
  frame(2, `${at} an error\r\n`),
  frame(1, `${at} grüße \u{1f30a}\n`),
  frame(1, `${at} \n`),
  frame(1, `${at} begin `),
  frame(2, `${at} between\n`),
  frame(1, `${at} end\n`),
  frame(1, "no time\n"),
  frame(1, `${at} last`),
]);
const expected: LogLine[] = [
  { stream: "stdout", at: ms, text: "one" },
  { stream: "stderr", at: ms, text: "an error" },
  { stream: "stdout", at: ms, text: "grüße \u{1f30a}" },
  { stream: "stdout", at: ms, text: "" },
  { stream: "stderr", at: ms, text: "between" },
  { stream: "stdout", at: ms, text: "begin end" },
  { stream: "stdout", at: null, text: "no time" },
  { stream: "stdout", at: ms, text: "last" },
];

describe("logLines", () => {
  for (const size of [1, 3, 7, 8, 9, 64, 10_000])
    it(`reads the same out of chunks of ${size} bytes`, async () => {
      assert.deepEqual(await read(mixed, size), expected);
    });

  it("reads a terminal's output as it comes", async () => {
    const lines = await read(Buffer.from(`${at} a\r\n${at} grüße\r\n`), 5, true);
    assert.deepEqual(lines, [
      { stream: "stdout", at: ms, text: "a" },
      { stream: "stdout", at: ms, text: "grüße" },
    ]);
  });

  it("cuts a line that does not end", async () => {
    const [line] = await read(Buffer.concat(Array.from({ length: 80 }, () => frame(1, "x".repeat(16_384)))), 65_536);
    assert.equal(line?.text.length, 1024 * 1024);
  });

  it("leaves out a frame that was cut off", async () => {
    assert.deepEqual(await read(Buffer.concat([frame(1, "a\n"), frame(1, "bcd\n").subarray(0, 10)]), 4), [
      { stream: "stdout", at: null, text: "a" },
    ]);
  });
});
