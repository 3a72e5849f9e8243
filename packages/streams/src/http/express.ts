/**
 * `app.use(tidegate(tide))`, before the routes: each request becomes a trace (the caller's, where it sends a `traceparent`), answers with
 * `X-Trace-Id` and leaves one access record; everything after runs within its span. `request.tide` is the connection.
 * To have the error of a failed request in its span and record as well, add `app.use(tidegateErrors())` after the routes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Tide } from "../tide.ts";
import { RequestTelemetry, whenAnswered, type RequestTelemetryOptions } from "./request-telemetry.ts";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the one place where express can be taught about it
  namespace Express {
    interface Request {
      readonly tide: Tide;
    }
  }
}

/** What is used of an express request; `baseUrl` and `route` are there once a route has matched. */
export interface ExpressRequest extends IncomingMessage {
  readonly originalUrl: string;
  readonly baseUrl: string;
  readonly route?: { readonly path: unknown };
}

export type ExpressTelemetryOptions = RequestTelemetryOptions<ExpressRequest>;
type Next = (error?: unknown) => void;

export function tidegate(
  tide: Tide,
  options: ExpressTelemetryOptions = {},
): (request: ExpressRequest, answer: ServerResponse, next: Next) => void {
  const telemetry = new RequestTelemetry<ExpressRequest>(tide, options);
  return (request, answer, next) => {
    Object.assign(request, { tide });
    const { method = "GET", originalUrl, headers, socket } = request;
    const exchange = telemetry.begin(method, originalUrl, headers, socket.remoteAddress);
    if (exchange === null) return next();
    if (exchange.traceId !== null) answer.setHeader("x-trace-id", exchange.traceId);
    whenAnswered(request, answer, (status, bytesOut) =>
      telemetry.end(exchange, request, { status, bytesOut, route: routeOf(request), error: failures.get(request) }),
    );
    exchange.run(next);
  };
}

/** An error handler that remembers and hands on. */
export function tidegateErrors(): (error: unknown, request: ExpressRequest, answer: ServerResponse, next: Next) => void {
  return (error, request, _answer, next) => {
    failures.set(request, error);
    next(error);
  };
}

// Private

const failures = new WeakMap<ExpressRequest, unknown>();

/** A path may be a pattern or a list as well; then the first of what is written is the name. */
function routeOf({ baseUrl, route }: ExpressRequest): string | undefined {
  if (route === undefined) return undefined;
  const path: unknown = Array.isArray(route.path) ? route.path[0] : route.path;
  return baseUrl + String(path);
}
