/** A client's view of one answer, by raw bytes: whether it came whole, was cut, or never came. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Answer {
  /** 0: the connection ended, or time did, before a final head. */
  readonly status: number;
  /** 1xx before it. */
  readonly interim: readonly number[];
  /** Lower case names; of several only the last. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
  readonly whole: boolean;
}

export class Client implements Disposable {
  readonly #socket: Socket;
  #held = "";
  #ended = false;
  #wake = (): void => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    socket.on("data", (text) => ((this.#held += String(text)), this.#wake()));
    for (const event of ["end", "close"] as const) socket.on(event, () => ((this.#ended = true), this.#wake()));
  }

  static async connect(port: number, from: string = "127.0.0.1"): Promise<Client> {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    await once(socket, "connect");
    return new Client(socket);
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The next one. `bodiless`: of a HEAD. */
  async answer({ bodiless = false, limit = 10_000 }: { bodiless?: boolean; limit?: number } = {}): Promise<Answer> {
    const end = performance.now() + limit;
    const interim: number[] = [];
    for (;;) {
      const head = await this.#until(end, () => this.#head());
      if (head === null) return { status: 0, interim, fields: new Map(), body: "", whole: false };
      if (head.status >= 200) return { ...head, interim, ...(await this.#body(head, bodiless, end)) };
      interim.push(head.status);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  // Private

  #head(): { status: number; fields: Map<string, string> } | null {
    const stop = this.#held.indexOf("\r\n\r\n");
    if (stop < 0) return null;
    const [first = "", ...lines] = this.#held.slice(0, stop).split("\r\n");
    this.#held = this.#held.slice(stop + 4);
    const fields = lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]);
    return { status: Number(/^HTTP\/1\.[01] (\d{3}) /.exec(`${first} `)?.[1] ?? Number.NaN), fields: new Map(fields) };
  }

  async #body(
    head: { status: number; fields: ReadonlyMap<string, string> },
    bodiless: boolean,
    end: number,
  ): Promise<Pick<Answer, "body" | "whole">> {
    const length = head.fields.get("content-length");
    if (bodiless || head.status === 204 || head.status === 304) return { body: "", whole: true };
    if (head.fields.has("transfer-encoding")) return await this.#chunks(end);
    if (length !== undefined) return await this.#exactly(Number(length), end);
    const whole = (await this.#until(end, () => (this.#ended ? true : null))) !== null;
    return { body: this.#take(this.#held.length), whole };
  }

  async #exactly(length: number, end: number): Promise<Pick<Answer, "body" | "whole">> {
    const whole = (await this.#until(end, () => (this.#held.length >= length ? true : null))) !== null;
    return { body: this.#take(length), whole };
  }

  async #chunks(end: number): Promise<Pick<Answer, "body" | "whole">> {
    for (let body = ""; ;) {
      const stop = await this.#until(end, () => (this.#held.includes("\r\n") ? this.#held.indexOf("\r\n") : null));
      if (stop === null) return { body, whole: false };
      const size = Number.parseInt(this.#take(stop + 2), 16);
      const part = await this.#exactly(size + 2, end);
      body += part.body.slice(0, size);
      if (!part.whole || size === 0) return { body, whole: part.whole };
    }
  }

  #take(length: number): string {
    const taken = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return taken;
  }

  async #until<T>(end: number, look: () => T | null): Promise<T | null> {
    for (;;) {
      const found = look();
      if (found !== null || this.#ended || performance.now() > end) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.max(1, end - performance.now()));
      this.#wake = resolve;
      await promise.finally(() => clearTimeout(timer));
    }
  }
}
