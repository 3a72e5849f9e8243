/** The part the integrations share: their options, who asks, and when an answer of Node's server has ended. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger, Telemetry } from "../telemetry/telemetry.ts";
import { CLIENT_GONE, Exchange, one, type Arrival, type Headers, type Outcome } from "./exchange.ts";

export interface RequestTelemetryOptions<R> {
  /** Component of the spans and access records. Default `http`. */
  readonly component?: string;
  /**
   * Proxies of yours in front of the program: the client's address is then that many places from the right of `X-Forwarded-For`. What
   * stands further left anybody can write. Default 0: the address of the connection.
   */
  readonly proxies?: number;
  /** Paths (without query) that get neither trace nor record, such as those of health checks. Default: none. */
  readonly ignore?: (path: string) => boolean;
  /** Whom the request was authenticated as; asked when the answer has ended. */
  readonly user?: (request: R) => string | undefined;
  /** The program that asks: an API token's or OAuth client's name. Asked when the answer has ended. */
  readonly client?: (request: R) => string | undefined;
  /** Answers that take their time by design, as long polls and what is followed: recorded as `waited_ms`, and not as slow. Default: none. */
  readonly waits?: (request: R) => boolean;
}

/** What is known of the way an answer ended; the rest of the outcome is asked of the application. */
export type Ending = Pick<Outcome, "status" | "route" | "bytesOut" | "error">;

export class RequestTelemetry<R> {
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  readonly #options: RequestTelemetryOptions<R>;

  constructor(telemetry: Telemetry, options: RequestTelemetryOptions<R> = {}) {
    this.#telemetry = telemetry;
    this.#options = options;
    this.#logger = telemetry.logger(options.component ?? "http");
  }

  /** Null for what is ignored. `url` is path and query; `route` the pattern, where it is known this early. */
  begin(method: string, url: string, headers: Headers, address: string | undefined, route?: string): Exchange | null {
    const at = url.indexOf("?");
    const path = at === -1 ? url : url.slice(0, at);
    if (this.#options.ignore?.(path) === true) return null;
    const host = hostOf(one(headers["host"] ?? headers[":authority"]));
    const ip = clientOf(address, one(headers["x-forwarded-for"]), this.#options.proxies ?? 0);
    const arrival: Arrival = { method, path, query: at === -1 ? undefined : url.slice(at + 1), host, ip, headers };
    return new Exchange(this.#telemetry, this.#logger, arrival, route);
  }

  end(exchange: Exchange, request: R, ending: Ending): void {
    exchange.end({
      ...ending,
      user: this.#options.user?.(request),
      client: this.#options.client?.(request),
      waits: this.#options.waits?.(request),
    });
  }
}

/** Calls back once, when the answer has been handed over to the last byte, or its client is gone: then the status is 499. */
export function whenAnswered(
  request: IncomingMessage,
  answer: ServerResponse,
  done: (status: number, bytesOut: number | undefined) => void,
): void {
  const { socket } = request;
  // On HTTP/2 many answers share one connection, whose bytes say nothing of this one.
  const before = request.httpVersionMajor === 1 ? socket.bytesWritten : undefined;
  answer.once("close", () => {
    const finished = answer.writableFinished ?? answer.writableEnded;
    done(finished ? answer.statusCode : CLIENT_GONE, before === undefined ? undefined : socket.bytesWritten - before);
  });
}

// Private

function hostOf(header: string | undefined): string | undefined {
  if (header === undefined || header === "") return undefined;
  const end = header.startsWith("[") ? header.indexOf("]") + 1 : header.indexOf(":");
  return (end <= 0 ? header : header.slice(0, end)).toLowerCase().slice(0, LONGEST_HOST);
}

/** RFC 1035, section 2.3.4. */
const LONGEST_HOST = 255;

function clientOf(address: string | undefined, forwarded: string | undefined, proxies: number): string | undefined {
  if (proxies === 0 || forwarded === undefined) return plain(address);
  const chain = [...forwarded.split(",").map((part) => part.trim()), address];
  return plain(chain[Math.max(0, chain.length - 1 - proxies)]);
}

/** An IPv4 client of a socket for both is the same client. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith("::ffff:") === true ? address.slice(7) : address;
}
