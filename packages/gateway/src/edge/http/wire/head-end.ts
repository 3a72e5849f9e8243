/** Where a request's head ends, in bytes that come in any pieces. What is wrong is found when its byte is there, not when the whole head is. */
import { HttpError } from "./http-error.ts";
import { parseRequestHead, targetTooLong } from "./request-head.ts";
import type { HeadLimits } from "./request-head.ts";

export interface HeadEndLimits extends HeadLimits {
  readonly maxHead: number;
}

export const INCOMPLETE = -1;
const END = Buffer.from("\r\n\r\n");
/** The longest method, two spaces, a version and CRLF. */
const REST_OF_LINE = 64;
const CR = 13;
const LF = 10;

/** Bytes of the one empty line that is tolerated before a request (RFC 9112 2.2); INCOMPLETE: it may become one. */
export function emptyLineAt(input: Buffer, at: number): number {
  if (input[at] !== CR) return 0;
  if (at + 1 === input.length) return INCOMPLETE;
  return input[at + 1] === LF ? 2 : 0;
}

/**
 * The position of the CRLF CRLF that ends the head that begins at `start`, or INCOMPLETE. `searched`: how many of its bytes were looked at before.
 * Throws HttpError where it is too long already, or can never become one.
 */
export function findHeadEnd(input: Buffer, start: number, searched: number, limits: HeadEndLimits): number {
  const end = input.indexOf(END, start + Math.max(0, searched - END.length + 1));
  if (end < 0) checkBegun(input, start, searched, limits);
  if ((end < 0 ? input.length - END.length + 1 : end) - start > limits.maxHead) throw tooLarge(input, start, limits);
  return end < 0 ? INCOMPLETE : end;
}

// Private

/** Without this, who ends lines with LF alone, or speaks another protocol, would wait for an answer until time is up. */
function checkBegun(input: Buffer, start: number, searched: number, limits: HeadEndLimits): void {
  let lf = input.indexOf(LF, start + searched);
  while (lf >= 0 && lf > start && input[lf - 1] === CR) lf = input.indexOf(LF, lf + 1);
  const first = input[start] ?? 0;
  const bad = lf >= 0 ? lf : first <= 0x20 || first >= 0x7f ? start : -1;
  if (bad >= 0) parseRequestHead(`${input.latin1Slice(start, bad + 1)}\n`, limits);
}

function tooLarge(input: Buffer, start: number, limits: HeadEndLimits): HttpError {
  const line = input.indexOf(LF, start);
  if (line < 0 || line - start > limits.maxTarget + REST_OF_LINE) return targetTooLong(limits.maxTarget);
  return new HttpError(431, "head-too-large", `the head of the request is longer than ${limits.maxHead} bytes`);
}
