/** One question to one DNS server: over UDP, then over TCP where that brings nothing or not all (RFC 7766). Rejects with what the server did instead. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6, type Socket } from "node:net";
import { decodeMessage, encodeMessage, type DnsMessage, type Question } from "./message.ts";

export interface DnsServer {
  /** A name only over TCP. */
  readonly host: string;
  readonly port: number;
}

/** Milliseconds. */
const UDP_LIMIT = 2_000;
const TCP_LIMIT = 3_000;
const RECURSION_DESIRED = 0x0100;

export function randomId(): number {
  return randomInt(0x1_0000);
}

export async function ask(server: DnsServer, question: Question, signal: AbortSignal): Promise<DnsMessage> {
  const bytes = encodeMessage({ id: randomId(), flags: RECURSION_DESIRED, questions: [question] });
  const quick = await overUdp(server, bytes, signal).catch(() => null);
  if (quick !== null && !quick.truncated) return quick;
  signal.throwIfAborted();
  return decodeMessage(await overTcp(server, bytes, TCP_LIMIT, signal));
}

/** The answer's bytes, of which only the id was looked at. */
export async function overTcp({ host, port }: DnsServer, bytes: Buffer, limit: number, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(limit);
  using stack = new DisposableStack();
  const socket = stack.adopt(connect({ host, port }), (open) => open.destroy());
  const stop = AbortSignal.any([signal, late]);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onStop = (): void => reject(late.aborted ? new Error(`no answer within ${limit / 1_000} s`) : stop.reason);
  stop.addEventListener("abort", onStop, { once: true });
  stack.defer(() => stop.removeEventListener("abort", onStop));
  const answer = firstMessage(socket, bytes.readUInt16BE(0));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  socket.write(Buffer.concat([length, bytes]));
  return await Promise.race([answer, stopped]);
}

// Private

function overUdp({ host, port }: DnsServer, bytes: Buffer, signal: AbortSignal): Promise<DnsMessage> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    const over = (): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", over);
      socket.close();
      reject(new Error("no answer"));
    };
    const late = setTimeout(over, UDP_LIMIT);
    signal.addEventListener("abort", over, { once: true });
    socket.once("error", over).on("message", (answer) => {
      // Anybody may send to this port; who answers knows id and question.
      const message = answerTo(bytes, answer);
      if (message === null) return;
      resolve(message);
      over();
    });
    socket.connect(port, host, (error?: Error) => (error === undefined ? socket.send(bytes) : over()));
  });
}

function answerTo(question: Buffer, answer: Buffer): DnsMessage | null {
  try {
    const message = decodeMessage(answer);
    const [asked] = decodeMessage(question).questions;
    const [echoed] = message.questions;
    const fits = message.response && message.id === question.readUInt16BE(0);
    return fits && (echoed === undefined || (echoed.name === asked?.name && echoed.type === asked.type)) ? message : null;
  } catch {
    return null;
  }
}

function firstMessage(socket: Socket, id: number): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.on("error", reject).on("close", () => reject(new Error("it closed the connection without an answer")));
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
      const message = bytes.subarray(2, 2 + bytes.readUInt16BE(0));
      if (message.length >= 12 && message.readUInt16BE(0) === id) resolve(message);
      else reject(new Error("it answered another question"));
    });
  });
}
