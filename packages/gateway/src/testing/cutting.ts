/** A TCP proxy before Redis that lets the next call naming a text through, throws its answer away and cuts the connections: it ran, and nobody heard. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Cutting implements AsyncDisposable {
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #marker: string | null = null;

  static async before(port: number): Promise<Cutting> {
    const cutting = new Cutting(port);
    await once(cutting.#server.listen(0, "127.0.0.1"), "listening");
    return cutting;
  }

  private constructor(port: number) {
    this.#server = createServer((client) => this.#pipe(client, connect(port, "127.0.0.1")));
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cutAfter(marker: string): void {
    this.#marker = marker;
  }

  cutNow(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutNow();
    await new Promise((done) => this.#server.close(done));
  }

  // Private

  #pipe(client: Socket, server: Socket): void {
    let cutting = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => (client.destroy(), server.destroy(), this.#sockets.delete(socket)));
    }
    client.on("data", (chunk) => {
      if (this.#marker !== null && chunk.includes(this.#marker)) [this.#marker, cutting] = [null, true];
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (!cutting) return void client.write(chunk);
      this.cuts++;
      this.cutNow();
    });
  }
}
