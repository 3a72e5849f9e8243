/** A WebSocket's handshake as a span and an access record, like any other request; what follows it is no request. */
import type { IncomingMessage } from "node:http";
import type { Tide } from "@tidegate/streams";

export interface HandshakeEnd {
  readonly status: number;
  readonly user?: string;
  readonly error?: Error;
}

/** Call it when the request comes, and what it answers when the handshake is over. */
export function recordHandshake(tide: Tide, request: IncomingMessage): (end: HandshakeEnd) => void {
  const { method = "GET", url = "/", headers, socket } = request;
  const path = url.split("?")[0] ?? "/";
  const parent = headers["traceparent"];
  const logger = tide.logger("api");
  const span = tide.startSpan(`${method} ${path.slice(0, 100)}`, {
    kind: "server",
    component: "api",
    ...(typeof parent === "string" ? { parent } : {}),
  });
  const begun = performance.now();
  return ({ status, user, error }) => {
    span.set({ "http.request.method": method, "url.path": path, "http.response.status_code": status, "user.id": user });
    if (error !== undefined && status >= 500) span.fail(error);
    const host = headers.host?.replace(/:\d+$/, "");
    const who = { ...(host === undefined ? {} : { host }), ...(user === undefined ? {} : { user }) };
    const ip = socket.remoteAddress;
    const from = {
      ...(ip === undefined ? {} : { ip }),
      ...(headers["user-agent"] === undefined ? {} : { userAgent: headers["user-agent"] }),
    };
    const failed = error !== undefined && status >= 500 ? { error } : {};
    const duration = performance.now() - begun;
    tide.runInSpan(span, () =>
      logger.response({ method, path, status, duration, fields: { websocket: true }, ...who, ...from, ...failed }),
    );
    span.end();
  };
}
