/** What is answered to, and told of a request that never became a `Conversation`, or whose connection was not let in; safe to write to a log. */
import { STATUS_CODES } from "node:http";
import type { Peer } from "../exchange.ts";
import type { HttpError, HttpFault } from "../wire/http-error.ts";
import { dateLine } from "./date.ts";

export interface Refusal {
  /** What was answered; 0: nothing, the connection was closed. */
  readonly status: number;
  readonly reason: HttpFault | "connections" | "client-connections";
  readonly message: string;
  readonly peer: Peer;
  /** Method and path as far as they came: without query, control characters as `\xNN`. */
  readonly head: string;
}

const LONGEST = 120;

export function snippet(bytes: Buffer | null, from: number): string {
  if (bytes === null) return "";
  const line = bytes.latin1Slice(from, Math.min(bytes.length, from + LONGEST)).split(/[\r\n?]/, 1)[0] ?? "";
  return line.replaceAll(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The whole answer to what could not be understood; the connection ends with it. */
export function refusalText({ status, code, message }: HttpError): string {
  const body = `${code}: ${message}\n`;
  const type = `content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n`;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${dateLine()}${type}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}
