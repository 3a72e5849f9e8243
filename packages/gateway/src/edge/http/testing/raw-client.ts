/** A server of our own connections and clients that say exactly these bytes. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Conversation, RequestSink } from "../exchange.ts";
import { HttpConnections } from "../inbound.ts";
import type { HttpLimits } from "../inbound/limits.ts";
import type { Refusal } from "../inbound/refusal.ts";

export interface TestEdge extends AsyncDisposable {
  readonly connections: HttpConnections;
  readonly refusals: Refusal[];
  readonly errors: Error[];
  client(): Promise<TestClient>;
}

export async function edge(handler: (conversation: Conversation) => void, limits: Partial<HttpLimits> = {}): Promise<TestEdge> {
  const refusals: Refusal[] = [];
  const errors: Error[] = [];
  const clients: TestClient[] = [];
  const connections = new HttpConnections({
    handler,
    onRefused: (refusal) => refusals.push(refusal),
    onError: (error) => errors.push(error),
    limits: { sweepEvery: 10, ...limits },
  });
  const server = createServer((socket) => connections.admit(socket, peerOf(socket))).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    connections,
    refusals,
    errors,
    async client() {
      const client = new TestClient(connect((server.address() as AddressInfo).port, "127.0.0.1"));
      clients.push(client);
      await once(client.socket, "connect");
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of clients) socket.destroy();
      connections.cutAll();
      server.close();
      await once(server, "close");
    },
  };
}

class TestClient {
  readonly socket: Socket;
  /** `end`: the server ended its side; `reset`: it cut the connection. */
  readonly closed: Promise<"end" | "reset">;
  received = "";
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once("error", () => resolve("reset"));
      socket.once("end", () => resolve("end"));
      socket.once("close", () => resolve("reset"));
    });
    socket.on("data", (chunk: Buffer) => {
      this.received += chunk.latin1Slice();
      this.#wake();
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Resolves once this was received. */
  async hears(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      const heard = new Promise<"more">((resolve) => (this.#wake = () => resolve("more")));
      const ended = this.closed.then(() => "ended" as const);
      if ((await Promise.race([heard, ended])) === "ended" && !this.received.includes(text))
        throw new Error(`the connection ended without ${JSON.stringify(text)}; received: ${JSON.stringify(this.received.slice(0, 500))}`);
    }
  }
}

export interface Upload {
  readonly body: Promise<string>;
  readonly gone: Promise<Error>;
}

/** Takes the body, and hears what becomes of the client. */
export function upload(conversation: Conversation, more: Partial<RequestSink> = {}): Upload {
  const body = Promise.withResolvers<string>();
  const gone = Promise.withResolvers<Error>();
  let text = "";
  conversation.receive({
    onData: (chunk) => void (text += chunk.latin1Slice()),
    onEnd: () => body.resolve(text),
    onReadDone: () => true,
    onDrain: () => {},
    onGone: (error) => gone.resolve(error),
    ...more,
  });
  return { body: body.promise, gone: gone.promise };
}

function peerOf(socket: Socket) {
  const { remoteAddress = "", remotePort = 0, localPort = 0 } = socket;
  return { address: remoteAddress, port: remotePort, localPort, secure: false, serverName: null, tlsVersion: null };
}
