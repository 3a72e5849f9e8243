/**
 * Lines of a container's log. Docker sends both outputs through one connection in frames of 8 bytes of head (kind, length) and text
 * (https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerAttach); a frame may be cut anywhere, a long line
 * comes in several frames, each with a time of its own.
 */
import type { LogLine } from "./engine.ts";

const HEAD = 8;
/** Longer lines are cut, so that a container cannot fill our memory. */
const LONGEST_LINE = 1024 * 1024;
const STDERR = 2;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;

type Output = LogLine["stream"];

/** `tty`: the container has a terminal; then there are no frames and all is stdout. */
export async function* logLines(chunks: AsyncIterable<Buffer>, tty: boolean): AsyncGenerator<LogLine> {
  const outputs = { stdout: new Lines("stdout", tty), stderr: new Lines("stderr", false) };
  for await (const [output, part] of tty ? plain(chunks) : frames(chunks)) yield* outputs[output].add(part);
  yield* outputs.stdout.end();
  yield* outputs.stderr.end();
}

// Private

async function* plain(chunks: AsyncIterable<Buffer>): AsyncGenerator<[Output, Buffer]> {
  for await (const chunk of chunks) yield ["stdout", chunk];
}

async function* frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<[Output, Buffer]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD && rest.length >= HEAD + rest.readUInt32BE(4)) {
      const end = HEAD + rest.readUInt32BE(4);
      yield [rest[0] === STDERR ? "stderr" : "stdout", rest.subarray(HEAD, end)];
      rest = rest.subarray(end);
    }
  }
}

/** Lines of one output out of its frames. */
class Lines {
  readonly #output: Output;
  /** The pieces of a terminal's output are cut anywhere, so a time may be in the middle of one. */
  readonly #tty: boolean;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(output: Output, tty: boolean) {
    this.#output = output;
    this.#tty = tty;
  }

  *add(frame: Buffer): Generator<LogLine> {
    let from = 0;
    for (let at = frame.indexOf(10); at >= 0; at = frame.indexOf(10, from)) {
      this.#keep(frame.subarray(from, at));
      yield* this.end();
      from = at + 1;
    }
    if (from < frame.length) this.#keep(frame.subarray(from));
  }

  *end(): Generator<LogLine> {
    if (this.#pieces.length > 0) yield this.#line(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#length = 0;
  }

  #keep(piece: Buffer): void {
    const text = this.#pieces.length > 0 && !this.#tty ? withoutTime(piece) : piece;
    if (this.#length >= LONGEST_LINE) return;
    this.#pieces.push(text.subarray(0, LONGEST_LINE - this.#length));
    this.#length += text.length;
  }

  #line(bytes: Buffer): LogLine {
    const text = bytes.toString("utf8").replace(/\r$/, "");
    const time = TIME.exec(text);
    if (time?.[1] === undefined) return { stream: this.#output, at: null, text };
    return { stream: this.#output, at: Date.parse(time[1]), text: text.slice(time[0].length) };
  }
}

function withoutTime(piece: Buffer): Buffer {
  const time = TIME.exec(piece.subarray(0, 40).toString("latin1"));
  return time === null ? piece : piece.subarray(time[0].length);
}
