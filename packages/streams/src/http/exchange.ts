/**
 * One HTTP request and its answer as telemetry: a span of kind server, and one access record when the answer has ended. What a framework
 * knows comes in through `Arrival` and `Outcome`; nothing here knows a framework.
 */
import type { Logger, ResponseRecord, Span, Telemetry } from "../telemetry/telemetry.ts";

export interface Arrival {
  readonly method: string;
  readonly path: string;
  /** Without `?`. */
  readonly query: string | undefined;
  /** The host name that was asked for, without port. */
  readonly host: string | undefined;
  readonly ip: string | undefined;
  readonly headers: Headers;
}

/** By lower-case name. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Outcome {
  readonly status: number;
  /** The pattern that matched, as the framework writes it. */
  readonly route?: string | undefined;
  readonly bytesOut?: number | undefined;
  readonly error?: unknown;
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly waits?: boolean | undefined;
}

/** Nginx' status for a client that did not wait for the answer. */
export const CLIENT_GONE = 499;

export class Exchange {
  readonly span: Span;
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  readonly #arrival: Arrival;
  readonly #begun = performance.now();
  /** The route was known before the handler. */
  readonly #named: boolean;
  #ended = false;

  constructor(telemetry: Telemetry, logger: Logger, arrival: Arrival, route?: string) {
    this.#telemetry = telemetry;
    this.#logger = logger;
    this.#arrival = arrival;
    this.#named = route !== undefined;
    const parent = one(arrival.headers["traceparent"]);
    this.span = telemetry.startSpan(nameOf(arrival.method, route), {
      kind: "server",
      component: logger.component,
      ...(parent === undefined ? {} : { parent }),
    });
  }

  /** For `X-Trace-Id`; null when telemetry is off. */
  get traceId(): string | null {
    return this.span.traceparent === "" ? null : this.span.traceId;
  }

  run<T>(work: () => T): T {
    return this.#telemetry.runInSpan(this.span, work);
  }

  /** Later calls change nothing. */
  end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    const { span } = this;
    const error = failureOf(outcome);
    if (outcome.route !== undefined && !this.#named) span.rename(nameOf(this.#arrival.method, outcome.route));
    span.set(attributesOf(this.#arrival, outcome));
    if (error !== undefined) span.fail(error);
    const duration = performance.now() - this.#begun;
    this.#logger.response(recordOf(this.#arrival, outcome, duration, error, span));
    span.end();
  }
}

/** The first value of a header. */
export function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}

// Private

/** Without a route the path is no name: there would be as many as there are requests. */
function nameOf(method: string, route: string | undefined): string {
  return route === undefined ? method : `${method} ${route}`;
}

function failureOf({ status, error }: Outcome): Error | undefined {
  if (error instanceof Error && (status >= 500 || status === CLIENT_GONE)) return error;
  if (status === CLIENT_GONE) return new Error("the client went away before the answer had ended");
  return status >= 500 ? new Error(`answered ${status}`) : undefined;
}

/** Names: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ */
function attributesOf({ method, path, host, ip }: Arrival, { status, route, user }: Outcome): Parameters<Span["set"]>[0] {
  return {
    "http.request.method": method,
    "url.path": path,
    "http.route": route,
    "http.response.status_code": status,
    "server.address": host,
    "client.address": ip,
    "user.id": user,
  };
}

function recordOf(arrival: Arrival, outcome: Outcome, duration: number, error: Error | undefined, span: Span): ResponseRecord {
  const { method, path, query, host, ip, headers } = arrival;
  const { status, route, bytesOut, user, client, waits } = outcome;
  const length = one(headers["content-length"]);
  const requestId = one(headers["x-request-id"]);
  return {
    method,
    path,
    query,
    host,
    ip,
    user,
    client,
    userAgent: one(headers["user-agent"]),
    referer: one(headers["referer"]),
    bytesIn: length === undefined ? undefined : Number(length) || 0,
    status,
    duration,
    waits,
    bytesOut,
    route,
    error,
    span,
    fields: requestId === undefined ? undefined : { request_id: requestId.slice(0, LONGEST_ID) },
  };
}

const LONGEST_ID = 128;
