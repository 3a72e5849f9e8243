/**
 * How long a body is (RFC 9112 6) and whether the connection goes on: the one place that reads Content-Length, Transfer-Encoding and Connection.
 * Stricter than the RFC allows where leniency is what request smuggling lives on: no repeated Content-Length, no list, never both, no coding but
 * chunked, no Transfer-Encoding in HTTP/1.0.
 */
import { bit, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { HttpError } from "./http-error.ts";

/** Beside a byte count. */
export const CHUNKED = -1;
/** Only of answers. */
export const UNTIL_CLOSE = -2;
/** No field said anything. */
export const UNSTATED = -3;

export interface Framing {
  length: number;
  keepAlive: boolean;
  /** Connection names `upgrade`. */
  upgrade: boolean;
}

/** No request needs as many; each is looked for in all fields. */
const MOST_OPTIONS = 16;
const MOST_DIGITS = 15;
const READ_HERE = bit(CONNECTION) | bit(CONTENT_LENGTH) | bit(TRANSFER_ENCODING);

export function framingOf(fields: Fields, minor: number): Framing {
  const framing: Framing = { length: UNSTATED, keepAlive: minor === 1, upgrade: false };
  if (!fields.has(READ_HERE)) return framing;
  let close = false;
  for (let i = 0; i < fields.count; i++) {
    const role = fields.role(i);
    if (role === CONNECTION) close = readConnection(fields, fields.value(i), framing) || close;
    else if (role === CONTENT_LENGTH) framing.length = onlyOnce(framing.length, parseLength(fields.value(i)));
    else if (role === TRANSFER_ENCODING) framing.length = onlyOnce(framing.length, parseCoding(fields.value(i), minor));
  }
  if (close) framing.keepAlive = false;
  return framing;
}

// Private

/** Answers whether it says `close`, which wins over everything else. */
function readConnection(fields: Fields, value: string, framing: Framing): boolean {
  if (value === "close") return true;
  if (value === "keep-alive") framing.keepAlive = true;
  else return readOptions(fields, value.toLowerCase().split(",", MOST_OPTIONS + 1), framing);
  return false;
}

function readOptions(fields: Fields, options: readonly string[], framing: Framing): boolean {
  if (options.length > MOST_OPTIONS) throw new HttpError(400, "bad-connection", `Connection names more than ${MOST_OPTIONS} options`);
  let close = false;
  for (const part of options) {
    const option = part.trim();
    if (option === "close") close = true;
    else if (option === "keep-alive") framing.keepAlive = true;
    else if (option === "upgrade") framing.upgrade = true;
    else if (option !== "") fields.nominate(option);
  }
  return close;
}

function onlyOnce(before: number, now: number): number {
  if (before !== UNSTATED) throw new HttpError(400, "ambiguous-length", "the length of the body is stated more than once");
  return now;
}

function parseLength(value: string): number {
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) throw new HttpError(400, "bad-length", "Content-Length holds something other than digits");
    length = length * 10 + digit;
  }
  if (value.length === 0 || value.length > MOST_DIGITS)
    throw new HttpError(400, "bad-length", `Content-Length has 1 to ${MOST_DIGITS} digits`);
  return length;
}

function parseCoding(value: string, minor: number): number {
  if (minor === 0) throw new HttpError(400, "bad-coding", "HTTP/1.0 has no Transfer-Encoding");
  if (value.toLowerCase() !== "chunked") throw new HttpError(501, "bad-coding", "the only Transfer-Encoding understood is chunked");
  return CHUNKED;
}
