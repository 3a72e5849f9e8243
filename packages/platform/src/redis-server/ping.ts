/**
 * Whether a Redis is ready, asked over a plain socket: AUTH and PING in one go. Only for the moments before there is a
 * connection of the streams library; everything else goes through that.
 */
import { connect } from "node:net";

export type PingAnswer = "ready" | "loading" | "refused" | "silent";

const ANSWER_LIMIT = 1000;

/** Never rejects. `refused`: something answers, but not as our Redis would. */
export function ping(port: number, password: string): Promise<PingAnswer> {
  const { promise, resolve } = Promise.withResolvers<PingAnswer>();
  const socket = connect({ host: "127.0.0.1", port });
  let received = "";
  socket.setTimeout(ANSWER_LIMIT, () => socket.destroy());
  socket.on("connect", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    if (received.split("\r\n").length > 2) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve(judge(received)));
  return promise;
}

// Private

function judge(received: string): PingAnswer {
  if (received === "") return "silent";
  if (received.includes("+PONG")) return "ready";
  return received.includes("-LOADING") ? "loading" : "refused";
}
