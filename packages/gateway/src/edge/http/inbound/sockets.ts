/** Ties a socket to its connection. The listeners are shared functions, not closures: ten thousand idle connections hold none. */
import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";

const owner = Symbol("connection");
type Owned = Socket & { [owner]: Connection };

export function listen(socket: Socket, connection: Connection): void {
  (socket as Owned)[owner] = connection;
  // A client that has sent its request may end its side and wait.
  socket.allowHalfOpen = true;
  socket.setNoDelay(true);
  socket.on("data", onData).on("drain", onDrain).on("end", onEnd).on("error", onError).on("close", onClose);
  socket.resume();
}

/** The error listener stays: without one an error would end the process. */
export function unlisten(socket: Socket): void {
  socket.off("data", onData).off("drain", onDrain).off("end", onEnd).off("close", onClose);
}

function onData(this: Socket, chunk: Buffer): void {
  (this as Owned)[owner].read(chunk);
}

function onDrain(this: Socket): void {
  const connection = (this as Owned)[owner];
  try {
    connection.drained();
  } catch (error) {
    connection.broke(error as Error);
  }
}

function onEnd(this: Socket): void {
  (this as Owned)[owner].ended();
}

function onError(this: Socket, error: Error): void {
  (this as Owned)[owner].gone(error);
}

function onClose(this: Socket): void {
  (this as Owned)[owner].closed();
}
