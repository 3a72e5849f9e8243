/**
 * `app.use(tidegate(tide))`, before the routes: each request becomes a trace (the caller's, where it sends a `traceparent`), answers with
 * `X-Trace-Id` and leaves one access record; everything after runs within its span. `c.get("tide")` is the connection.
 * On Node's server the record is written when the last byte has gone, elsewhere when the body has been read to its end.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import type { Tide } from "../tide.ts";
import { CLIENT_GONE, type Exchange, type Headers } from "./exchange.ts";
import { RequestTelemetry, whenAnswered, type Ending, type RequestTelemetryOptions } from "./request-telemetry.ts";

declare module "hono" {
  interface ContextVariableMap {
    tide: Tide;
  }
}

export type HonoTelemetryOptions = RequestTelemetryOptions<Context>;

export function tidegate(tide: Tide, options: HonoTelemetryOptions = {}): MiddlewareHandler<{ Variables: { tide: Tide } }> {
  const telemetry = new RequestTelemetry<Context>(tide, options);
  return async (c, next) => {
    c.set("tide", tide);
    const exchange = begin(telemetry, c);
    if (exchange === null) return next();
    const { traceId } = exchange;
    if (traceId !== null) c.header("x-trace-id", traceId);
    const end = (ending: Pick<Ending, "status" | "bytesOut">): void =>
      telemetry.end(exchange, c, { ...ending, route: routeOf(c), error: c.error });
    const node = nodeOf(c);
    if (node !== null) whenAnswered(node.incoming, node.outgoing, (status, bytesOut) => end({ status, bytesOut }));
    await exchange.run(next);
    // A handler that answers with a Response of its own knows nothing of headers set before.
    if (traceId !== null && !c.res.headers.has("x-trace-id")) c.res.headers.set("x-trace-id", traceId);
    if (node === null) follow(c, end);
  };
}

// Private

interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

const HEADERS = ["host", "traceparent", "x-forwarded-for", "x-request-id", "user-agent", "referer", "content-length"] as const;

function begin(telemetry: RequestTelemetry<Context>, c: Context): Exchange | null {
  const node = nodeOf(c);
  if (node !== null) return telemetry.begin(c.req.method, pathOf(c.req.url), node.incoming.headers, node.incoming.socket.remoteAddress);
  const headers: Headers = Object.fromEntries(HEADERS.map((name) => [name, c.req.header(name)]));
  return telemetry.begin(c.req.method, pathOf(c.req.url), headers, undefined);
}

/** Of `@hono/node-server`. */
function nodeOf(c: Context): NodeBindings | null {
  const env = c.env as Partial<NodeBindings> | undefined;
  return env?.incoming === undefined || env.outgoing === undefined ? null : { incoming: env.incoming, outgoing: env.outgoing };
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return start === -1 ? "/" : url.slice(start);
}

/** The last that matched is the handler's, unless nothing but middleware did. */
function routeOf(c: Context): string | undefined {
  const last = c.req.matchedRoutes.at(-1);
  return last === undefined || (c.res.status === 404 && last.path.endsWith("*")) ? undefined : last.path;
}

/** An answer without a body has ended; one with a body ends when it has been read, or given up. */
function follow(c: Context, end: (ending: Pick<Ending, "status" | "bytesOut">) => void): void {
  const { res } = c;
  const { status } = res;
  if (res.body === null) return end({ status, bytesOut: 0 });
  let bytesOut = 0;
  // What the reader gives up is cancelled: https://streams.spec.whatwg.org/#dom-transformer-cancel
  const counting = {
    transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>) {
      bytesOut += chunk.byteLength;
      controller.enqueue(chunk);
    },
    flush: () => end({ status, bytesOut }),
    cancel: () => end({ status: CLIENT_GONE, bytesOut }),
  };
  const counted = new TransformStream(counting);
  c.res = undefined;
  c.res = new Response(res.body.pipeThrough(counted), res);
}
