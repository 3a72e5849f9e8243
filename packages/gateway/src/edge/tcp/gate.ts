/**
 * Asks whoever connects for one of the port's tokens before a byte reaches the service. Tokens are known only by their SHA-256, all of
 * them are compared, each in constant time. Who says nothing is limited in time and in number, over all and per address.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { Attempts } from "./attempts.ts";
import { readOpening, type Opening } from "./opening.ts";
import { cut, sayAndClose } from "./socket.ts";

export type Denial = (reason: string, address: string) => void;

type Token = Extract<Opening, { kind: "token" }>;

export interface GateOptions {
  /** Milliseconds until the token must have come. */
  readonly patience?: number;
  readonly mostWaiting?: number;
  readonly mostPerAddress?: number;
}

export class Gate {
  readonly #patience: number;
  readonly #mostWaiting: number;
  readonly #mostPerAddress: number;
  readonly #attempts = new Attempts();
  readonly #waiting = new Map<string, number>();
  #allWaiting = 0;

  constructor({ patience = 5_000, mostWaiting = 1_000, mostPerAddress = 64 }: GateOptions = {}) {
    this.#patience = patience;
    this.#mostWaiting = mostWaiting;
    this.#mostPerAddress = mostPerAddress;
  }

  /** False when it was turned away: then it is closed or closing. */
  async admit(socket: Socket, place: string, hashes: readonly string[], denied: Denial): Promise<boolean> {
    const address = socket.remoteAddress ?? "";
    if (this.#attempts.blocked(`${place} ${address}`)) return refuse(socket, denied, "too many wrong tokens", address);
    if (this.#isFull(address)) return refuse(socket, denied, "too many connections wait without a token", address);
    const opening = await this.#read(socket, address);
    if (opening === null) return false;
    if (opening.kind !== "token") {
      denied(opening.kind === "bad" ? opening.reason : "no token came in time", address);
      answer(socket, opening);
      return false;
    }
    if (!matches(opening.token, hashes)) return this.#wrong(socket, opening, `${place} ${address}`, () => denied("wrong token", address));
    if (!opening.http) socket.write("OK\r\n");
    if (opening.rest.length > 0) socket.unshift(opening.rest);
    return true;
  }

  // Private

  #wrong(socket: Socket, { http }: Token, who: string, tell: () => void): false {
    this.#attempts.failed(who);
    tell();
    if (http) answer(socket, { kind: "bad", status: 401, reason: "wrong token" });
    else sayAndClose(socket, "DENIED wrong token\r\n");
    return false;
  }

  #isFull(address: string): boolean {
    return this.#allWaiting >= this.#mostWaiting || (this.#waiting.get(address) ?? 0) >= this.#mostPerAddress;
  }

  /** Null when the client went away. The socket is paused then, and nothing of what came later is lost. */
  async #read(socket: Socket, address: string): Promise<Opening | null> {
    this.#allWaiting += 1;
    this.#waiting.set(address, (this.#waiting.get(address) ?? 0) + 1);
    try {
      return await firstBytes(socket, this.#patience);
    } finally {
      this.#allWaiting -= 1;
      const left = (this.#waiting.get(address) ?? 1) - 1;
      if (left > 0) this.#waiting.set(address, left);
      else this.#waiting.delete(address);
    }
  }
}

// Private

function refuse(socket: Socket, denied: Denial, reason: string, address: string): false {
  denied(reason, address);
  cut(socket);
  return false;
}

/** `more` when the time is over. */
function firstBytes(socket: Socket, patience: number): Promise<Opening | null> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const settle = (opening: Opening | null): void => {
      clearTimeout(late);
      socket.pause();
      socket.off("data", onData).off("end", onGone).off("close", onGone);
      resolve(opening);
    };
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const opening = readOpening(bytes);
      if (opening.kind !== "more") settle(opening);
    };
    const onGone = (): void => {
      settle(null);
      socket.destroy();
    };
    const late = setTimeout(() => settle({ kind: "more" }), patience);
    socket.on("data", onData).on("end", onGone).on("close", onGone);
    socket.resume();
  });
}

function matches(token: string, hashes: readonly string[]): boolean {
  const found = createHash("sha256").update(token, "latin1").digest();
  let matched = false;
  for (const hash of hashes) {
    const wanted = Buffer.from(hash, "hex");
    if (wanted.length === found.length && timingSafeEqual(wanted, found)) matched = true;
  }
  return matched;
}

const STATUS: Readonly<Record<number, string>> = { 400: "Bad Request", 401: "Unauthorized", 431: "Request Header Fields Too Large" };

function answer(socket: Socket, opening: Exclude<Opening, Token>): void {
  const reason = opening.kind === "bad" ? opening.reason : "no token came in time";
  const status = opening.kind === "bad" ? opening.status : null;
  if (status === null) return sayAndClose(socket, `DENIED ${reason}\r\n`);
  const body = `${reason}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS[status]}`,
    ...(status === 401 ? ['WWW-Authenticate: Bearer realm="tidegate"'] : []),
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  sayAndClose(socket, `${head.join("\r\n")}\r\n\r\n${body}`);
}
