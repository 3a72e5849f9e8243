/**
 * `app.register(tidegate(tide))`: each request becomes a trace (the caller's, where it sends a `traceparent`), answers with `X-Trace-Id` and
 * leaves one access record; hooks, handlers and what they publish and log run within its span. `request.tide` is the connection.
 */
import type { FastifyPluginCallback, FastifyRequest } from "fastify";
import type { Tide } from "../tide.ts";
import { RequestTelemetry, whenAnswered, type RequestTelemetryOptions } from "./request-telemetry.ts";

declare module "fastify" {
  interface FastifyRequest {
    readonly tide: Tide;
  }
}

export type FastifyTelemetryOptions = RequestTelemetryOptions<FastifyRequest>;

export function tidegate(tide: Tide, options: FastifyTelemetryOptions = {}): FastifyPluginCallback {
  const telemetry = new RequestTelemetry<FastifyRequest>(tide, options);
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.decorateRequest("tide", { getter: () => tide });
    // Going on within the span: fastify keeps the context also over the reading of a body, so everything after is within it.
    app.addHook("onRequest", (request, reply, next) => {
      const { raw } = request;
      const { method = "GET", url = "/", headers, socket } = raw;
      // Asked once: fastify makes an object of it each time.
      const route = request.is404 ? undefined : request.routeOptions.url;
      const exchange = telemetry.begin(method, url, headers, socket.remoteAddress, route);
      if (exchange === null) return next();
      if (exchange.traceId !== null) reply.header("x-trace-id", exchange.traceId);
      whenAnswered(raw, reply.raw, (status, bytesOut) =>
        telemetry.end(exchange, request, { status, bytesOut, route, error: (request as Followed)[FAILURE] }),
      );
      exchange.run(next);
    });
    app.addHook("onError", (request, _reply, error, next) => {
      (request as Followed)[FAILURE] = error;
      next();
    });
    done();
  };
  return Object.assign(plugin, UNENCAPSULATED);
}

// Private

const FAILURE = Symbol("tidegate.failure");

/** Hooks of the application itself instead of a part of it: https://fastify.dev/docs/latest/Reference/Plugins/#handle-the-scope */
const UNENCAPSULATED = { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "@tidegate/streams" };

type Followed = FastifyRequest & { [FAILURE]?: unknown };
