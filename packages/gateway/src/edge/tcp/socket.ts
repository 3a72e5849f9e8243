/** Ways to end a connection, so that the other side can tell a complete stream from one that was cut. */
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** The other side sees a reset, never the end of what might be a complete answer. */
export function cut(socket: Socket): void {
  if (socket.destroyed) return;
  // TLS says its own good-bye only in an orderly end, so a destroyed one is told from a complete one as well.
  if (socket instanceof TLSSocket || socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

const LINGER = 1_000;

/** Says why and closes. What still comes is thrown away for a moment: closing with unread bytes would reset the answer away. */
export function sayAndClose(socket: Socket, text: string): void {
  const late = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(late));
  socket.end(text, "latin1");
  socket.resume();
}
