/** Checks what somebody asks for before anything is looked at, and says which limit it misses. */
import { GatewayError } from "../errors.ts";
import { checkBind } from "./overlaps.ts";
import type { PortRequest } from "./ports.ts";
import type { Protocol } from "./probe.ts";

/** Where "any" looks. */
const ANY = { from: 11_000, to: 65_535 } as const;
export const LAST_PORT = 65_535;
/** As many as one step of the store takes. */
const MOST = 256;
const LONGEST_LEASE = 31_536_000;
const LONGEST_OWNER = 128;
const LONGEST_DESCRIPTION = 256;

/** In a form in which nothing needs checking again. */
export interface CheckedRequest extends Omit<PortRequest, "host"> {
  readonly from: number;
  readonly to: number;
  readonly kind: "exact" | "range" | "any";
}

export function checkRequests(requests: readonly PortRequest[]): CheckedRequest[] {
  if (requests.length > MOST) throw invalid(`${requests.length} ports at once are too many; at most ${MOST} are given together`);
  return requests.map(checkRequest);
}

export function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= LAST_PORT) return port;
  throw invalid(`A port is a whole number from 1 to ${LAST_PORT}, not ${String(port).slice(0, 32)}`);
}

export function checkProtocol(protocol: string): Protocol {
  if (protocol === "tcp" || protocol === "udp") return protocol;
  throw invalid(`A protocol is tcp or udp, not ${JSON.stringify(protocol.slice(0, 32))}`);
}

/** Seconds. */
export function checkTtl(ttl: number): number {
  if (Number.isInteger(ttl) && ttl >= 1 && ttl <= LONGEST_LEASE) return ttl;
  throw invalid(`A lease lasts from 1 to ${LONGEST_LEASE} whole seconds, not ${String(ttl).slice(0, 32)}`);
}

export function invalid(message: string, hint?: string): GatewayError {
  return new GatewayError("INVALID_PORT", `${message}.`, hint === undefined ? {} : { hint });
}

// Private

function checkRequest(request: PortRequest): CheckedRequest {
  const { host, ...rest } = request;
  checkText("owner of a port", request.owner, 1, LONGEST_OWNER);
  checkText("description of a port", request.description ?? "", 0, LONGEST_DESCRIPTION);
  if (request.ttl !== undefined) checkTtl(request.ttl);
  return { ...rest, protocol: checkProtocol(request.protocol), bind: checkBind(request.bind), ...checkHost(host) };
}

function checkHost(host: PortRequest["host"]): Pick<CheckedRequest, "from" | "to" | "kind"> {
  if (host === null) return { ...ANY, kind: "any" };
  if (typeof host === "number") return { from: checkPort(host), to: host, kind: "exact" };
  const { from, to } = host;
  if (checkPort(from) <= checkPort(to)) return { from, to, kind: "range" };
  throw invalid(`The range ${from}–${to} runs backwards`, `Write it as ${to}–${from}.`);
}

function checkText(what: string, text: string, least: number, most: number): void {
  if (text.length >= least && text.length <= most && !/\p{Cc}/u.test(text)) return;
  throw invalid(`The ${what} has ${least} to ${most} characters without control characters; this one has ${text.length}`);
}
