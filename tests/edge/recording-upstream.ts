/**
 * An upstream that answers every whole request with 200 and writes down what arrived, byte for byte. It finds the ends of requests by itself and
 * strictly, so what a proxy in front of it took for one request and passed on as two is two here.
 */
import type { Socket } from "node:net";
import { SocketServer } from "./socket-server.ts";

export interface Arrived {
  readonly line: string;
  /** As they came, without CRLF. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** What is wrong with it by itself: both framings, a bare CR. */
  readonly oddities: readonly string[];
}

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

export class RecordingUpstream implements AsyncDisposable {
  readonly #keep: boolean;
  #server: SocketServer | null = null;
  readonly arrived: Arrived[] = [];
  /** Bytes that are no request. */
  readonly garbage: string[] = [];

  private constructor(keep: boolean) {
    this.#keep = keep;
  }

  /** `keep` false: only what is odd. */
  static async start({ keep = true }: { keep?: boolean } = {}): Promise<RecordingUpstream> {
    const upstream = new RecordingUpstream(keep);
    upstream.#server = await SocketServer.start((socket) => upstream.#serve(socket));
    return upstream;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  // Private

  #serve(socket: Socket): void {
    let held = "";
    socket.on("data", (chunk) => {
      held += chunk.toString("latin1");
      for (let parsed = parse(held); parsed !== null; parsed = parse(held)) {
        if (parsed === "garbage") {
          this.garbage.push(held);
          return void socket.destroy();
        }
        held = held.slice(parsed.end);
        if (this.#keep || parsed.request.oddities.length > 0) this.arrived.push(parsed.request);
        socket.write(ANSWER);
      }
      if (/^\S+ \S+ HTTP\/1\.1\r\n[^]*?\r\nexpect: 100-continue\r\n[^]*\r\n\r\n$/i.test(held))
        socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    });
  }
}

// Private

interface Parsed {
  readonly request: Arrived;
  readonly end: number;
}

/** Null: more must come. */
function parse(text: string): Parsed | "garbage" | null {
  const stop = text.indexOf("\r\n\r\n");
  if (stop < 0) return null;
  const [line = "", ...fields] = text.slice(0, stop).split("\r\n");
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/1\.[01]$/.test(line)) return "garbage";
  const codings = valuesOf(fields, "transfer-encoding");
  const lengths = valuesOf(fields, "content-length");
  const oddities = [...odd(fields, codings, lengths)];
  const at = stop + 4;
  if (codings.length > 0) return chunked(text, at, { line, fields, oddities });
  const length = Number(lengths[0] ?? 0);
  if (!Number.isInteger(length)) return "garbage";
  if (text.length < at + length) return null;
  return { request: { line, fields, body: text.slice(at, at + length), trailers: [], oddities }, end: at + length };
}

function chunked(text: string, at: number, head: Omit<Arrived, "body" | "trailers">): Parsed | "garbage" | null {
  for (let body = ""; ;) {
    const stop = text.indexOf("\r\n", at);
    if (stop < 0) return null;
    const [, digits] = /^([0-9a-fA-F]+)(?:;[^\r\n]*)?$/.exec(text.slice(at, stop)) ?? [];
    if (digits === undefined) return "garbage";
    const size = Number.parseInt(digits, 16);
    if (size === 0) return trailed(text, stop, { ...head, body });
    if (text.length < stop + 2 + size + 2) return null;
    body += text.slice(stop + 2, stop + 2 + size);
    at = stop + 2 + size + 2;
    if (text.slice(at - 2, at) !== "\r\n") return "garbage";
  }
}

function trailed(text: string, stop: number, head: Omit<Arrived, "trailers">): Parsed | null {
  const end = text.indexOf("\r\n\r\n", stop);
  if (end < 0) return null;
  const trailers = text.slice(stop + 2, end);
  return { request: { ...head, trailers: trailers === "" ? [] : trailers.split("\r\n") }, end: end + 4 };
}

function* odd(fields: readonly string[], codings: readonly string[], lengths: readonly string[]): Generator<string> {
  if (codings.length > 0 && lengths.length > 0) yield "both Transfer-Encoding and Content-Length";
  if (codings.length > 1 || lengths.length > 1) yield "two framings";
  if (codings.length === 1 && codings[0]!.toLowerCase() !== "chunked") yield `Transfer-Encoding: ${codings[0]!}`;
  if (lengths.some((length) => !/^\d+$/.test(length))) yield `Content-Length: ${lengths[0]!}`;
  if (valuesOf(fields, "host").length !== 1) yield "not one Host";
  // oxlint-disable-next-line no-control-regex -- what must not arrive
  if (fields.some((field) => /[\0-\x08\n-\x1f\x7f]/.test(field))) yield "a control character";
  if (fields.some((field) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/.test(field))) yield "no field";
}

function valuesOf(fields: readonly string[], name: string): string[] {
  return fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).map((field) => field.slice(name.length + 1).trim());
}
