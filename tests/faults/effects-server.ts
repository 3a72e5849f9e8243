/**
 * The independent witness, a process of its own: appends every reported deed to a file and answers only after the write.
 * A worker cannot vouch for itself; whatever kills a worker or Redis leaves this file alone.
 */
import { openSync, writeSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

const [socketPath = "", historyPath = ""] = process.argv.slice(2);
const file = openSync(historyPath, "a");

/** Distinct messages with an effect; told to the parent so that it can kill at a point of progress, not of time. */
const effected = new Set<number>();

createServer(witness).listen(socketPath, () => process.send?.({ effected: 0, kind: "ready", worker: "" }));
process.on("disconnect", () => process.exit(0));

// Private

function witness(socket: Socket): void {
  // A killed worker resets its socket; the line reader repeats that error, and unheard it would end the witness.
  socket.on("error", () => socket.destroy());
  createInterface({ input: socket })
    .on("line", (line) => record(socket, line))
    .on("error", () => socket.destroy());
}

function record(socket: Socket, line: string): void {
  const deed = JSON.parse(line) as { kind: string; seq: number; worker: string };
  writeSync(file, `${JSON.stringify({ ...deed, at: Number(process.hrtime.bigint()) / 1e6 })}\n`);
  if (deed.kind === "effect") {
    if (!socket.destroyed) socket.write(`${deed.seq}\n`);
    effected.add(deed.seq);
  }
  process.send?.({ effected: effected.size, kind: deed.kind, worker: deed.worker });
}
