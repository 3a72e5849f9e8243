/**
 * A click in the console is where a person's trace begins. The browser cannot store spans, so it tells of the click with the request it
 * caused, and the span is made here: the request, and all that follows from it, happens within.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Span, Tide } from "@tidegate/streams";

/** `<milliseconds ago>;<label of what was clicked, percent-encoded>`. */
const HEADER = "x-tidegate-click";
const FORM = /^(\d{1,6});([\w%.~!*'()-]{1,300})$/;

/** To be added before the hook that begins the request's own span. */
export function followClicks(app: FastifyInstance, tide: Tide): void {
  const clicks = new WeakMap<FastifyRequest, Span>();
  app.addHook("onRequest", (request, _reply, done) => {
    const span = request.headers.traceparent === undefined ? spanOf(request, tide) : null;
    if (span !== null) {
      clicks.set(request, span);
      request.headers.traceparent = span.traceparent;
    }
    done();
  });
  app.addHook("onResponse", (request, _reply, done) => {
    clicks.get(request)?.end();
    done();
  });
  app.addHook("onRequestAbort", (request, done) => {
    clicks.get(request)?.end();
    done();
  });
}

// Private

function spanOf(request: FastifyRequest, tide: Tide): Span | null {
  const told = request.headers[HEADER];
  const [, ago = "", label = ""] = FORM.exec(typeof told === "string" ? told : "") ?? [];
  if (label === "") return null;
  try {
    return tide.startSpan(`click: ${decodeURIComponent(label)}`, { component: "console", startedAt: Date.now() - Number(ago) });
  } catch {
    return null;
  }
}
