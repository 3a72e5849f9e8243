/** Requests that went wrong on their way: valid ones with one to four seeded injuries each. The same seed gives the same bytes. */
import type { Seed } from "../faults/seed.ts";

const TOKENS = [
  "\r",
  "\n",
  "\0",
  ":",
  " ",
  "\t",
  "\r\n\r\n",
  "\x7f\xff",
  "Transfer-Encoding: chunked\r\n",
  "Content-Length: 5\r\n",
  "Host: evil.test\r\n",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "%00",
  "/../",
  "#",
];
const INJURIES = [flip, insert, remove, token, double, cut, grow, swap] as const;

/** Many of them are refused; some are still good requests. */
export function mutated(seed: Seed, host: string): Buffer {
  let text = seed.pick(valid(host));
  for (let left = 1 + seed.below(4); left > 0; left--) text = seed.pick(INJURIES)(seed, text);
  return Buffer.from(text, "latin1");
}

// Private

function valid(host: string): string[] {
  const at = `Host: ${host}\r\n`;
  return [
    `GET / HTTP/1.1\r\n${at}\r\n`,
    `GET /a/b?c=d HTTP/1.1\r\n${at}User-Agent: flood\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n`,
    `POST / HTTP/1.1\r\n${at}Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello`,
    `POST / HTTP/1.1\r\n${at}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-A: b\r\n\r\n`,
    `GET / HTTP/1.1\r\n${at}\r\nGET /next HTTP/1.1\r\n${at}\r\n`,
    `PUT /x HTTP/1.1\r\n${at}Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello`,
    `GET / HTTP/1.0\r\n${at}Connection: keep-alive\r\n\r\n`,
    `GET / HTTP/1.1\r\n${at}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  ];
}

function flip(seed: Seed, text: string): string {
  const at = seed.below(text.length);
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << seed.below(8))) + text.slice(at + 1);
}

function insert(seed: Seed, text: string): string {
  const at = seed.below(text.length + 1);
  return text.slice(0, at) + String.fromCharCode(seed.below(256)) + text.slice(at);
}

function remove(seed: Seed, text: string): string {
  const at = seed.below(text.length);
  return text.slice(0, at) + text.slice(at + 1 + seed.below(4));
}

function token(seed: Seed, text: string): string {
  const at = seed.below(text.length + 1);
  return text.slice(0, at) + seed.pick(TOKENS) + text.slice(at);
}

function double(seed: Seed, text: string): string {
  const lines = text.split("\r\n");
  const line = seed.pick(lines);
  lines.splice(seed.below(lines.length), 0, line);
  return lines.join("\r\n");
}

function cut(seed: Seed, text: string): string {
  return text.slice(0, 1 + seed.below(text.length));
}

/** Now and then a very long one. */
function grow(seed: Seed, text: string): string {
  const at = seed.below(text.length + 1);
  return text.slice(0, at) + "A".repeat(seed.below(50) === 0 ? 100_000 : seed.below(300)) + text.slice(at);
}

function swap(seed: Seed, text: string): string {
  const lines = text.split("\r\n");
  const [one, other] = [seed.below(lines.length), seed.below(lines.length)];
  [lines[one], lines[other]] = [lines[other]!, lines[one]!];
  return lines.join("\r\n");
}
