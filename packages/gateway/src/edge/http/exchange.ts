/**
 * What the parts of the HTTP edge say to each other. `Inbound` (HTTP/1; HTTP/2 later) makes a `Conversation` of each request, the chain in `handle.ts`
 * decides what happens to it, `forward.ts` joins it with an upstream. Push, no streams: a `false` from a flush means "no more until told".
 */
import type { Socket } from "node:net";
import type { Fields } from "./wire/fields.ts";

/** Body lengths beside a byte count; the same numbers as `wire/framing.ts`. */
export { CHUNKED, UNTIL_CLOSE } from "./wire/framing.ts";

/** Who asks, by the socket. The true client behind trusted proxies is found by `headers/client.ts`. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly localPort: number;
  readonly secure: boolean;
  /** SNI, lower case; null without TLS or without a name. */
  readonly serverName: string | null;
  /** `TLSv1.3` … */
  readonly tlsVersion: string | null;
}

/** One request, its grammar checked. */
export interface EdgeRequest {
  readonly method: string;
  /** As sent, in origin form or `*`; what an absolute form named stands in `authority`. */
  readonly target: string;
  /** HTTP/1.0 or 1.1. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
  /** Of Host or the absolute form (they must agree), as sent, with port. */
  readonly authority: string;
  /** The authority without port and trailing dot, lower case; brackets of IPv6 stay. */
  readonly host: string;
  /** Bytes of the body, 0, or CHUNKED. */
  readonly length: number;
  /** Whether the client wants the connection to go on. */
  readonly keepAlive: boolean;
  /** `websocket` (lower case) where Connection: upgrade and Upgrade ask for it; else null. */
  readonly upgrade: string | null;
  /** 100-continue was asked for. */
  readonly expectsContinue: boolean;
  readonly peer: Peer;
  /** `performance.now()` of its first byte and of the end of its head. */
  readonly begunAt: number;
  readonly headAt: number;
}

/** Who takes the request's body, and hears what becomes of the client. */
export interface RequestSink {
  /** A view that is valid until the call returns; larger than COPY_UP_TO until it has been written (see `wire/outlet.ts`). */
  onData(chunk: Buffer): void;
  onEnd(trailers: Fields | null): void;
  /** All of one read was delivered. False: no more until `resume()`. */
  onReadDone(): boolean;
  /** The client takes bytes of the answer again after `flush()` was false. */
  onDrain(): void;
  /** The client is gone, or broke the grammar or the time of its body (`HttpError`, answered here where it can be); nothing can be answered any more. */
  onGone(error: Error): void;
}

export interface Conversation {
  readonly request: EdgeRequest;
  /**
   * Begins to deliver the body; at once what was read already. Until then the client is not read further.
   * Once the client is gone, the sink is told so at once.
   */
  receive(sink: RequestSink): void;
  resume(): void;
  /** Whether a final head was written. */
  readonly begun: boolean;
  /** 1xx; nothing for HTTP/1.0. `fields`: lines with CRLF each. */
  interim(status: number, reason: string, fields: string): void;
  /** The final head. `fields` without framing and Connection, which are written here. `length`: bytes, CHUNKED, UNTIL_CLOSE, or 0; of HEAD and 304 what the body would have. */
  begin(status: number, reason: string, fields: string, length: number): void;
  data(chunk: Buffer): void;
  /** `trailers`: lines with CRLF each; only a chunked answer has them. */
  end(trailers?: string): void;
  flush(): boolean;
  /** The answer is complete. The connection goes on where both sides may; after an answer to a body that was not read whole it ends. */
  finish(): void;
  /** An answer of ours, whole. */
  answer(status: number, fields: string, body: string | Buffer): void;
  /** The answer cannot be completed: the client must see that it is cut. */
  cut(): void;
  /** For a tunnel: from now on the caller reads and writes the socket. `rest` was read already. Only with `request.upgrade`. */
  detach(): { readonly socket: Socket; readonly rest: Buffer };
}

/** One per request, filled on its way, told once at its end. Times are `performance.now()`. */
export interface AccessRecord {
  readonly request: EdgeRequest;
  /** True client address. */
  client: string;
  /** Normalised; as sent where it cannot be. */
  path: string;
  target: string | null;
  route: string | null;
  /** What the upstream is called: a service, or host:port. */
  upstream: string | null;
  endpoint: string | null;
  status: number;
  /** Who was let in, and by what. */
  user: string | null;
  access: string | null;
  /** Why it was not 2xx–4xx of the upstream: `no_target`, `denied`, `rate_limited`, `upstream_connect`, … (`reasons.ts`) */
  reason: string | null;
  error: string | null;
  attempts: number;
  bytesIn: number;
  bytesOut: number;
  decidedAt: number;
  connectedAt: number;
  sentAt: number;
  answeredAt: number;
  endedAt: number;
  tunnel: "websocket" | null;
  /** Of a tunnel: who ended it, and the code of its Close. */
  closedBy: "client" | "upstream" | "edge" | null;
  closeCode: number | null;
  traceId: string;
  spanId: string;
  parentId: string | null;
  sampled: boolean;
}
