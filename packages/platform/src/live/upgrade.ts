/**
 * Turns an HTTP request for `/ws` or `/api/v1/live` into a WebSocket, if the gate lets it through.
 * A refusal is answered as problem details over the plain connection, which is then closed.
 */
import { STATUS_CODES } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Tide } from "@tidegate/streams";
import { WebSocketServer } from "ws";
import type { Gate } from "../auth/gate.ts";
import { Refusal } from "../auth/refusal.ts";
import { allows, demand } from "../auth/scopes.ts";
import type { Need } from "../auth/scopes.ts";
import type { Hub } from "./hub.ts";
import { recordHandshake } from "./upgrade-record.ts";

export const LIVE_PATHS: readonly string[] = ["/ws", "/api/v1/live"];
const LARGEST_REQUEST = 64 * 1024;
const MOST_SOCKETS = 256;
/** Who may read none of these would hear nothing. */
const TOLD: readonly Need[] = (["system", "messages", "logs", "alerts"] as const).map((resource) => ({ resource, level: "read" }));

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export function upgradeInto(hub: Hub, gate: Gate, tide: Tide): Upgrade {
  const server = new WebSocketServer({ noServer: true, maxPayload: LARGEST_REQUEST, clientTracking: false });
  return (request, socket, head) => {
    // A client may vanish in the middle of the handshake.
    const ignore = (): void => {};
    socket.on("error", ignore);
    // The console's own connection is no news, as what it reads is none.
    const ended = gate.isConsole(request) ? ignore : recordHandshake(tide, request);
    try {
      const identity = admit(request, hub, gate);
      server.handleUpgrade(request, socket, head, (websocket) => {
        socket.off("error", ignore);
        hub.add(websocket, identity);
        ended({ status: 101, user: identity.subject });
      });
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, "INTERNAL", "The connection could not be opened.", { cause: error });
      refuse(socket, refusal);
      ended({ status: refusal.status, error: refusal });
    }
  };
}

// Private

function admit(request: IncomingMessage, hub: Hub, gate: Gate): ReturnType<Gate["admit"]> {
  gate.checkHost(request);
  const path = (request.url ?? "/").split("?")[0]?.replace(/\/+$/, "") ?? "";
  if (!LIVE_PATHS.includes(path)) throw new Refusal(404, "NOT_FOUND", `No WebSocket is served here; use ${LIVE_PATHS.join(" or ")}.`);
  const identity = gate.admit(request, true);
  if (!TOLD.some((need) => allows(identity.scopes, need))) demand(identity, { resource: "system", level: "read" });
  if (hub.size < MOST_SOCKETS) return identity;
  throw new Refusal(503, "TOO_MANY_CONNECTIONS", `${MOST_SOCKETS} live connections are open already.`, {
    headers: { "Retry-After": "30" },
  });
}

function refuse(socket: Duplex, refusal: Refusal): void {
  const title = STATUS_CODES[refusal.status] ?? "Error";
  const { status, code, message: detail, hint } = refusal;
  const body = JSON.stringify({
    type: "about:blank",
    title,
    status,
    detail,
    code,
    ...(hint === undefined ? {} : { hint }),
    request_id: "",
  });
  const headers = {
    ...refusal.headers,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join("")}\r\n${body}`);
}
