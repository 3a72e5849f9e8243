import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import type { WebSocket } from "ws";
import { LiveSocket } from "./live-socket.ts";

test("a slow line loses frames, and the rows in them are counted in the next one", () => {
  const { line, socket } = newSocket();
  socket.follow("identity");
  line.bufferedAmount = 2_000_000;
  socket.sendRows("identity", { rows: ["1", "2"], skipped: 3 });
  assert.deepEqual(line.sent, []);
  line.bufferedAmount = 0;
  socket.sendRows("identity", { rows: ["3"], skipped: 0 });
  socket.sendRows("identity", { rows: ["4"], skipped: 0 });
  assert.deepEqual(
    line.sent.map((frame) => JSON.parse(frame)),
    [
      { type: "messages", topic: "identity", items: [3], skipped: 5 },
      { type: "messages", topic: "identity", items: [4], skipped: 0 },
    ],
  );
});

test("a line that does not answer a ping is ended at the next", () => {
  const { line, socket } = newSocket();
  socket.ping();
  line.emit("pong");
  socket.ping();
  assert.equal(line.ended, false);
  socket.ping();
  assert.equal(line.ended, true);
});

class Line extends EventEmitter {
  readonly OPEN = 1;
  readonly readyState = 1;
  bufferedAmount = 0;
  ended = false;
  readonly sent: string[] = [];
  send(frame: string): void {
    this.sent.push(frame);
  }
  ping(): void {}
  terminate(): void {
    this.ended = true;
  }
}

function newSocket(): { line: Line; socket: LiveSocket } {
  const line = new Line();
  return { line, socket: new LiveSocket(line as unknown as WebSocket, { subject: "admin", kind: "token", id: "", scopes: ["*"] }) };
}
