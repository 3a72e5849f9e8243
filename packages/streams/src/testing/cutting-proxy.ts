/**
 * A TCP proxy before Redis. It can swallow one answer to a publish and cut the connection (the command ran, nobody heard), or
 * make the present connections half-open (they stand, but nothing arrives any more).
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class CuttingProxy implements AsyncDisposable {
  cuts = 0;
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #armed = false;
  #thenRefuse = false;
  #refusing = false;
  #muted = new WeakSet<Socket>();

  static async start(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#pipe(client));
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next script call that publishes is executed and its answer thrown away. */
  cutNextReply(options: { thenRefuse?: boolean } = {}): void {
    this.#armed = true;
    this.#thenRefuse = options.thenRefuse === true;
  }

  /** The present connections carry nothing any more, in either direction, and are not closed; new ones work. */
  mute(): void {
    for (const socket of this.#sockets) this.#muted.add(socket);
  }

  accept(): void {
    this.#refusing = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #pipe(client: Socket): void {
    if (this.#refusing) return void client.destroy();
    const server = connect(this.#target, "127.0.0.1");
    let cutting = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => (client.destroy(), server.destroy(), this.#sockets.delete(socket)));
    }
    client.on("data", (chunk) => {
      if (this.#muted.has(client)) return;
      if (this.#armed && chunk.includes(":producers:")) [this.#armed, cutting] = [false, true];
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (this.#muted.has(server)) return;
      if (cutting) this.#cut();
      else client.write(chunk);
    });
  }

  #cut(): void {
    this.cuts++;
    this.#refusing = this.#thenRefuse;
    for (const socket of this.#sockets) socket.destroy();
  }
}
