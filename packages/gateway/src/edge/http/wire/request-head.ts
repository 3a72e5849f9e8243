/** A request's head: request line and fields, checked strictly. Throws HttpError with the status that the client should see. */
import { bit, EXPECT, HOST, parseFields, UPGRADE } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { framingOf, UNSTATED } from "./framing.ts";
import { hostOf } from "./host.ts";
import { HttpError } from "./http-error.ts";
import { TARGET, TOKEN } from "./octets.ts";

/** The part of an `EdgeRequest` that its text says; see there. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  readonly fields: Fields;
  /** "" only in HTTP/1.0. */
  readonly authority: string;
  readonly host: string;
  readonly keepAlive: boolean;
  /** Byte count or CHUNKED. */
  readonly length: number;
  readonly upgrade: string | null;
  readonly expectsContinue: boolean;
}

export interface HeadLimits {
  readonly maxFields: number;
  readonly maxTarget: number;
}

const SPACE = 0x20;
const SLASH = 0x2f;
const LONGEST_METHOD = 32;
const VERSION = /^HTTP\/\d\.\d\r\n/;

/** `text` is the head decoded as latin1, up to and including the CRLF of its last line. */
export function parseRequestHead(text: string, limits: HeadLimits): RequestHead {
  let at = 0;
  while (TOKEN[text.charCodeAt(at)] === 1) at++;
  if (at === 0 || text.charCodeAt(at) !== SPACE) throw badLine("the method is not a token followed by one space");
  const method = text.slice(0, at);
  const start = ++at;
  while (TARGET[text.charCodeAt(at)] === 1) at++;
  if (at === start || text.charCodeAt(at) !== SPACE)
    throw badLine("the target holds a character that is not allowed, or is not followed by one space");
  const end = at;
  const minor = versionAt(text, at + 1);
  const fields = parseFields(text, at + 1 + "HTTP/1.1\r\n".length, limits.maxFields);
  if (end - start > limits.maxTarget) throw targetTooLong(limits.maxTarget);
  checkMethod(method);
  return completed(method, text.slice(start, end), minor, fields);
}

export function targetTooLong(limit: number): HttpError {
  return new HttpError(414, "target-too-long", `the target is longer than ${limit} bytes`);
}

// Private

function versionAt(text: string, at: number): 0 | 1 {
  if (text.startsWith("HTTP/1.1\r\n", at)) return 1;
  if (text.startsWith("HTTP/1.0\r\n", at)) return 0;
  if (VERSION.test(text.slice(at, at + 10))) throw new HttpError(505, "bad-version", "only HTTP/1.0 and HTTP/1.1 are spoken here");
  throw badLine("it does not end in a version and CRLF");
}

function checkMethod(method: string): void {
  if (method === "CONNECT") throw new HttpError(501, "bad-method", "CONNECT is not supported");
  if (method.length > LONGEST_METHOD) throw new HttpError(501, "bad-method", `the method is longer than ${LONGEST_METHOD} characters`);
}

function completed(method: string, sent: string, minor: 0 | 1, fields: Fields): RequestHead {
  const { length: stated, keepAlive, upgrade: upgrades } = framingOf(fields, minor);
  const length = stated === UNSTATED ? 0 : stated;
  const named = authorityOf(fields, minor);
  const absolute = sent.charCodeAt(0) === SLASH ? -1 : absoluteAt(method, sent);
  const authority = absolute < 0 ? named : agreed(named, authorityIn(sent, absolute));
  const target = absolute < 0 ? sent : originForm(method, sent.slice(absolute + authority.length));
  const host = authority === "" ? "" : hostOf(authority);
  const upgrade = upgrades && minor === 1 && length === 0 && fields.has(bit(UPGRADE)) ? upgradeOf(method, fields) : null;
  const expectsContinue = fields.has(bit(EXPECT)) && expectation(fields, minor);
  return { method, target, minor, fields, authority, host, keepAlive, length, upgrade, expectsContinue };
}

function authorityOf(fields: Fields, minor: number): string {
  let found: string | null = null;
  for (let i = 0; i < fields.count; i++) {
    if (fields.role(i) !== HOST) continue;
    if (found !== null) throw new HttpError(400, "bad-host", "there is more than one Host field");
    found = fields.value(i);
  }
  if (found === null && minor === 1) throw new HttpError(400, "bad-host", "HTTP/1.1 needs a Host field");
  if (found === "") throw new HttpError(400, "bad-host", "the Host field is empty");
  return found ?? "";
}

/** Where the authority of an absolute target (RFC 9112 3.2.2) begins; -1: it is `*`. */
function absoluteAt(method: string, sent: string): number {
  if (sent === "*" && method === "OPTIONS") return -1;
  const scheme = sent.slice(0, 8).toLowerCase();
  if (scheme.startsWith("http://")) return 7;
  if (scheme === "https://") return 8;
  throw new HttpError(400, "bad-target", "the target does not begin with a slash");
}

function authorityIn(sent: string, from: number): string {
  let at = from;
  while (at < sent.length && sent[at] !== "/" && sent[at] !== "?") at++;
  return sent.slice(from, at);
}

/** RFC 9112 lets the target win over Host; whoever reads only one of them would be fooled, so they must agree. */
function agreed(named: string, inTarget: string): string {
  if (inTarget === "") throw new HttpError(400, "bad-target", "the target names no host");
  if (named !== "" && named.toLowerCase() !== inTarget.toLowerCase())
    throw new HttpError(400, "bad-host", "the target and Host name different hosts");
  return inTarget;
}

function originForm(method: string, rest: string): string {
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function upgradeOf(method: string, fields: Fields): string | null {
  return method === "GET" && fields.get("upgrade")?.toLowerCase() === "websocket" ? "websocket" : null;
}

function expectation(fields: Fields, minor: number): boolean {
  for (const value of fields.all("expect"))
    if (value.toLowerCase() !== "100-continue") throw new HttpError(417, "bad-expect", "the only expectation understood is 100-continue");
  // RFC 9110 10.1.1: one of HTTP/1.0 is to be ignored.
  return minor === 1;
}

function badLine(why: string): HttpError {
  return new HttpError(400, "bad-request-line", `the request line is not HTTP/1: ${why}`);
}
