/** An answer's head: status line, fields and the length of the body as this request sees it. Throws HttpError, which means a 502. */
import { parseFields } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { framingOf, UNSTATED, UNTIL_CLOSE } from "./framing.ts";
import { HttpError } from "./http-error.ts";
import { VALUE } from "./octets.ts";

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  /** Whether the connection can serve another request after this answer. */
  readonly keepAlive: boolean;
  /** Byte count, CHUNKED or UNTIL_CLOSE; 0 where the method or the status allows no body. */
  readonly length: number;
  /** What the fields say, also where there is no body (HEAD, 304): byte count, CHUNKED or UNSTATED. */
  readonly stated: number;
}

const CR = 13;
const LF = 10;
const SPACE = 0x20;
const STATUS_END = 12;

/** `method` is the request's: an answer to HEAD has no body whatever its fields say. */
export function parseResponseHead(text: string, method: string, maxFields: number): ResponseHead {
  if (!text.startsWith("HTTP/1.")) throw badLine("it does not start with HTTP/1");
  const minor = text.charCodeAt(7) - 0x30;
  if ((minor !== 0 && minor !== 1) || text.charCodeAt(8) !== SPACE) throw badLine("its version is neither 1.0 nor 1.1");
  const status = statusAt(text);
  let at = STATUS_END;
  if (text.charCodeAt(at) === SPACE) at++;
  else if (text.charCodeAt(at) !== CR) throw badLine("the status is not three digits");
  const start = at;
  while (VALUE[text.charCodeAt(at)] === 1) at++;
  if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) throw badLine("the reason holds a control character");
  const fields = parseFields(text, at + 2, maxFields);
  const framing = framingOf(fields, minor);
  const length = bodyLength(method, status, framing.length);
  const keepAlive = framing.keepAlive && length !== UNTIL_CLOSE;
  return { status, reason: text.slice(start, at), fields, keepAlive, length, stated: framing.length };
}

// Private

function bodyLength(method: string, status: number, stated: number): number {
  if (status < 200 || status === 204 || status === 304 || method === "HEAD") return 0;
  return stated === UNSTATED ? UNTIL_CLOSE : stated;
}

function statusAt(text: string): number {
  const hundreds = text.charCodeAt(9) - 0x30;
  const tens = text.charCodeAt(10) - 0x30;
  const ones = text.charCodeAt(11) - 0x30;
  if (!(hundreds >= 1 && hundreds <= 5 && isDigit(tens) && isDigit(ones))) throw badLine("the status is not between 100 and 599");
  return hundreds * 100 + tens * 10 + ones;
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

function badLine(why: string): HttpError {
  return new HttpError(502, "bad-status-line", `the upstream's status line is not HTTP/1: ${why}`);
}
