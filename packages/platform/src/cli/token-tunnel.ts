/**
 * Lets any client use a port that asks for a token: listens on loopback, opens each connection at the edge with the token before its first byte,
 * and then passes bytes as they are. Whoever may connect here needs no token any more, which is why it listens nowhere else.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface TokenTunnelOptions {
  readonly host: string;
  readonly port: number;
  /** Null: the port asks for none. */
  readonly token: string | null;
  /** Told why a connection did not come about. */
  readonly onDenied: (reason: string) => void;
}

/** Milliseconds until the edge has answered the token. */
const PATIENCE = 10_000;
const LONGEST_ANSWER = 1_024;

/** The edge said no, with its reason. */
export class TokenDenied extends Error {}

export class TokenTunnel {
  readonly #options: TokenTunnelOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: TokenTunnelOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => void this.#serve(socket));
  }

  /** 0 takes a free port. Rejects with Node's own error when it cannot be had. */
  async listen(port: number): Promise<AddressInfo> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return this.#server.address() as AddressInfo;
  }

  /** Whether the edge takes the token: TokenDenied, or Node's own error when nobody answers. */
  async try(): Promise<void> {
    const upstream = await this.#open();
    upstream.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  // Private

  async #serve(client: Socket): Promise<void> {
    this.#keep(client);
    try {
      const upstream = await this.#open();
      if (client.destroyed) return void upstream.destroy();
      join(client, upstream);
    } catch (error) {
      this.#options.onDenied(error instanceof Error ? error.message : String(error));
      client.resetAndDestroy();
    }
  }

  /** Connected, admitted and paused. */
  async #open(): Promise<Socket> {
    const { host, port, token } = this.#options;
    const socket = this.#keep(connect({ host, port, allowHalfOpen: true, noDelay: true }));
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(PATIENCE) });
      if (token !== null) await admitted(socket, token);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error instanceof Error && error.name === "AbortError" ? new Error(`${host}:${port} does not answer`) : error;
    }
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

// Private

/** https://nodejs.org/api/stream.html#readableunshiftchunk-encoding gives back what came after the answer. */
async function admitted(socket: Socket, token: string): Promise<void> {
  socket.write(`TIDEGATE ${token}\r\n`);
  const { line, rest } = await answer(socket);
  if (rest.length > 0) socket.unshift(rest);
  if (line === "OK") return;
  const [, reason] = /^DENIED (.*)$/.exec(line) ?? [];
  throw reason === undefined
    ? new Error(`The port answered ${JSON.stringify(line.slice(0, 60))} to the token, not as Tidegate's edge does.`)
    : new TokenDenied(`The edge denies it: ${reason}`);
}

function answer(socket: Socket): Promise<{ line: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const stop = (): void => {
      clearTimeout(late);
      socket.pause();
      socket.off("data", take).off("end", gone).off("close", gone);
    };
    const fail = (message: string): void => {
      stop();
      reject(new Error(message));
    };
    const gone = (): void => fail("The edge closed the connection instead of answering the token.");
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n");
      if (end < 0 && bytes.length > LONGEST_ANSWER) return fail("What answers there is not Tidegate's edge.");
      if (end < 0) return;
      stop();
      resolve({ line: bytes.toString("latin1", 0, end), rest: bytes.subarray(end + 2) });
    };
    const late = setTimeout(fail, PATIENCE, "The edge did not answer the token in time; does the port ask for one?");
    socket.on("data", take).on("end", gone).on("close", gone);
  });
}

function join(client: Socket, upstream: Socket): void {
  client.once("close", () => upstream.destroy());
  upstream.once("close", () => client.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}
