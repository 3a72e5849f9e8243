/**
 * Two connections as one: bytes both ways with backpressure, an end passed on as an end (the other direction goes on), a break as a
 * break. Both sockets were opened with `allowHalfOpen`.
 */
import type { Socket } from "node:net";
import { cut } from "./socket.ts";

/** `over` is told once, when both are closed. */
export function tunnel(client: Socket, upstream: Socket, over: () => void): void {
  let closed = 0;
  const onClose = (): void => {
    closed += 1;
    if (closed === 2) over();
  };
  join(client, upstream, onClose);
  join(upstream, client, onClose);
  client.pipe(upstream);
  upstream.pipe(client);
  // Closed before this began: their events were long ago.
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    if (one.closed) onClose();
    if (one.destroyed) cut(other);
  }
}

// Private

function join(one: Socket, other: Socket, onClose: () => void): void {
  one.on("error", () => cut(other));
  one.once("close", () => {
    // An orderly close was an end in both directions before, which the pipes have passed on.
    if (!one.readableEnded || !one.writableFinished) cut(other);
    onClose();
  });
}
