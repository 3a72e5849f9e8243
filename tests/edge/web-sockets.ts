/** WebSockets by raw sockets, cheap enough for thousands: an upstream that sends every frame back, and clients that stay and can be asked whether they are still there. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Switches, then sends every client frame back unmasked. Frames of fewer than 126 bytes. */
export class EchoUpstream implements AsyncDisposable {
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<EchoUpstream> {
    const upstream = new EchoUpstream();
    upstream.#server.listen({ port: 0, host: "127.0.0.1", backlog: 1_024 });
    await once(upstream.#server, "listening");
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.once("data", (head) => {
      const [, key = ""] = /sec-websocket-key: (\S+)/i.exec(head.toString("latin1")) ?? [];
      const accept = createHash("sha1")
        .update(key + GUID)
        .digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.on("data", (frame) => socket.write(unmasked(frame)));
    });
  }
}

export class WebSocketClient implements Disposable {
  readonly #socket: Socket;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("close", () => (this.#closed = true));
    socket.on("end", () => (this.#closed = true));
  }

  /** `from`: an address of this machine, because there may not be any number from one. */
  static async open(port: number, host: string, from: string = "127.0.0.1"): Promise<WebSocketClient> {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    const closed = new AbortController();
    socket.on("error", () => {});
    socket.once("close", () => closed.abort(new Error("closed before it was a WebSocket")));
    await once(socket, "connect");
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(15_000)]);
    const [head] = (await once(socket, "data", { signal })) as [Buffer];
    if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(`no WebSocket: ${head.toString("latin1").slice(0, 200)}`);
    return new WebSocketClient(socket);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a message comes back. */
  async echoes(): Promise<boolean> {
    if (this.#closed) return false;
    const word = randomBytes(8);
    this.#socket.write(masked(word));
    try {
      const [frame] = (await once(this.#socket, "data", { signal: AbortSignal.timeout(15_000) })) as [Buffer];
      return frame.subarray(2).equals(word);
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

// Private

/** A binary frame of a client; a mask of zeros masks nothing. */
function masked(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function unmasked(frame: Buffer): Buffer {
  const length = frame[1]! & 0x7f;
  const mask = frame.subarray(2, 6);
  const payload = frame.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]!);
  return Buffer.concat([Buffer.from([frame[0]!, length]), payload]);
}
