/** The Docker Engine's HTTP API without any of the code under test: what tests use to look at it and to interfere. */
import { request, type IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

export class EngineApi {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** JSON answer; rejects with status and text for anything but 2xx and 304. `body` is JSON, or a tar stream. */
  async call<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#send(method, path, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const status = response.statusCode ?? 0;
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text.trim()}`);
    return parse(text) as T;
  }

  /** Resolves when it answers a ping; asks again at once when the socket appears or refuses. */
  async answers(limit: number): Promise<void> {
    const end = performance.now() + limit;
    for (;;) {
      try {
        await this.call("GET", "/_ping");
        return;
      } catch (cause) {
        if (performance.now() > end) throw new Error(`no answer on ${this.#socket} in ${limit} ms`, { cause });
        await delay(10);
      }
    }
  }

  async containers(): Promise<{ readonly Id: string; readonly Names: readonly string[]; readonly State: string }[]> {
    return this.call("GET", "/containers/json?all=1");
  }

  async removeEverything(): Promise<void> {
    const containers = await this.containers();
    await Promise.all(containers.map(({ Id }) => this.call("DELETE", `/containers/${Id}?force=1&v=1`).catch(() => {})));
    const networks = await this.call<{ readonly Id: string; readonly Driver: string }[]>("GET", "/networks");
    const own = networks.filter(({ Driver }) => Driver !== "host" && Driver !== "null");
    await Promise.all(own.map(({ Id }) => this.call("DELETE", `/networks/${Id}`).catch(() => {})));
  }

  // Private

  #send(method: string, path: string, body: object | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const type = isStream(body) ? "application/x-tar" : "application/json";
      const headers = body === undefined ? {} : { "content-type": type };
      const call = request({ socketPath: this.#socket, method, path, headers, agent: false }, resolve);
      call.on("error", reject);
      if (isStream(body)) body.pipe(call);
      else call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function isStream(body: object | undefined): body is Readable {
  return body !== undefined && "pipe" in body;
}

/** Some answers are one JSON value, some a line each, some plain words. */
function parse(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
