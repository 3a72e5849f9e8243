/**
 * The client that asks forward-auth services: one GET, a limit for the whole of it, redirects not followed, of the body nothing kept. Its answers
 * are what somebody else's program sends: late, broken, endless ones end as an error here and hold nothing.
 */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** Names in turn with values, as `node:http` takes them. */
export type HeaderList = readonly string[];

export interface AuthAnswer {
  readonly status: number;
  /** First value by lower-case name. */
  get(name: string): string | null;
  all(name: string): string[];
}

const MOST_AT_ONCE = 1_000;
/** Of a body that is read to its end, so that the connection can be used again. */
const MOST_BODY = 65_536;
const MOST_HEAD = 16_384;

export class ForwardAuthClient {
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 128, maxFreeSockets: 16, timeout: 30_000 });
  readonly #secure = new HttpsAgent({ keepAlive: true, maxSockets: 128, maxFreeSockets: 16, timeout: 30_000 });
  #underWay = 0;

  /** Rejects when there is no answer in `timeout` ms. A connection that was kept too long is replaced once. */
  async ask(url: URL, headers: HeaderList, timeout: number): Promise<AuthAnswer> {
    if (this.#underWay >= MOST_AT_ONCE) throw new Error("too many requests wait for the forward-auth service");
    this.#underWay += 1;
    const signal = AbortSignal.timeout(timeout);
    try {
      return await this.#once(url, headers, signal);
    } catch (error) {
      if (!(error instanceof StaleConnection) || signal.aborted) throw error;
      return await this.#once(url, headers, signal);
    } finally {
      this.#underWay -= 1;
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  // Private

  #once(url: URL, headers: HeaderList, signal: AbortSignal): Promise<AuthAnswer> {
    const options = { method: "GET", signal, maxHeaderSize: MOST_HEAD, headers: ["Host", url.host, ...headers], setHost: false };
    return new Promise((resolve, reject) => {
      const request =
        url.protocol === "https:"
          ? httpsRequest(url, { ...options, agent: this.#secure })
          : httpRequest(url, { ...options, agent: this.#plain });
      request.once("response", (response) => {
        discard(request, response);
        resolve(answerOf(response));
      });
      // A 101 that nobody asked for.
      request.once("upgrade", (_, socket) => {
        socket.destroy();
        reject(new Error("the forward-auth service changed the protocol"));
      });
      request.on("error", (error: NodeJS.ErrnoException) => reject(wasStale(request, error) ? new StaleConnection() : error));
      request.end();
    });
  }
}

// Private

class StaleConnection extends Error {}

function wasStale(request: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function discard(request: ClientRequest, response: IncomingMessage): void {
  let seen = 0;
  response.on("data", (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > MOST_BODY) request.destroy();
  });
  // The answer's head was taken already.
  response.on("error", () => {});
}

function answerOf({ statusCode = 0, headersDistinct }: IncomingMessage): AuthAnswer {
  const all = (name: string): string[] => headersDistinct[name] ?? [];
  return { status: statusCode, all, get: (name) => all(name)[0] ?? null };
}
