/** An upstream of large bodies whose every byte is known: it checks what is uploaded and makes up what is downloaded. `GET /<bytes>`, `POST /`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

/** Repeats, with a length that is no power of two, so that a lost or doubled block shows. */
const PATTERN = Buffer.from(Array.from({ length: 65_521 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
const TWICE = Buffer.concat([PATTERN, PATTERN]);

/** The bytes at `at` of any of these bodies. */
export function bytesAt(at: number, length: number): Buffer {
  const from = at % PATTERN.length;
  return TWICE.subarray(from, from + Math.min(length, PATTERN.length));
}

/** Follows a body; how many bytes were right from its beginning on. */
export class ByteCheck {
  right = 0;
  wrong = false;

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.wrong;) {
      const wanted = bytesAt(this.right, chunk.length - at);
      if (!chunk.subarray(at, at + wanted.length).equals(wanted)) this.wrong = true;
      else {
        at += wanted.length;
        this.right += wanted.length;
      }
    }
  }
}

export class BytesUpstream implements AsyncDisposable {
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<BytesUpstream> {
    const upstream = new BytesUpstream();
    upstream.#server.listen(0, "127.0.0.1");
    await once(upstream.#server, "listening");
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  // Private

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "POST") return await this.#check(request, response);
    const length = Number(request.url?.slice(1));
    response.writeHead(200, { "content-length": length });
    await pipeline(pieces(length), response).catch(() => {});
  }

  async #check(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const check = new ByteCheck();
    for await (const chunk of request as AsyncIterable<Buffer>) check.take(chunk);
    response.end(`${check.right}${check.wrong ? " and then a wrong byte" : ""}`);
  }
}

// Private

function* pieces(length: number): Generator<Buffer> {
  for (let at = 0; at < length;) {
    const chunk = bytesAt(at, length - at);
    at += chunk.length;
    yield chunk;
  }
}
