/**
 * One request as bytes, and what may become of it at our edge. In the bytes `/ID` stands for the vector's own path and `/EVIL` for the path of a
 * request that hides in it, so that one upstream can tell all of them apart. A value that forges who asks is `forged`.
 */
export interface Vector {
  readonly id: string;
  /** For people; completes "a request with …". */
  readonly what: string;
  /** Latin-1. Of several parts each is sent once something was answered to the one before, or nothing came for a moment. */
  readonly bytes: string | readonly string[];
  /** Statuses our edge may answer with, one set per answer, 1xx included; `cut`: the connection is closed without another answer. */
  readonly ours: readonly (readonly (number | "cut")[])[];
  /** Whole requests its upstream sees, never more. */
  readonly seen: number;
  /** Of what arrives first. */
  readonly arrives?: {
    readonly target?: RegExp;
    readonly body?: string;
    /** Names of fields, lower case. */
    readonly lacks?: readonly string[];
    readonly has?: Readonly<Record<string, RegExp>>;
  };
}

export interface Group {
  readonly title: string;
  readonly vectors: readonly Vector[];
}

/** The host every target of these runs is for. */
export const HOST = "edge.test";

export const REFUSED: readonly (number | "cut")[] = [400];
/** A transfer coding that is not understood. */
export const CODING: readonly (number | "cut")[] = [400, 501];
export const SERVED: readonly (number | "cut")[] = [200];

const HOST_LINE = `Host: ${HOST}\r\n`;
const CLOSE = "Connection: close\r\n";
/** The request that hides in a body. */
export const HIDDEN = `GET /EVIL HTTP/1.1\r\n${HOST_LINE}${CLOSE}\r\n`;

/** A POST with these lines beside Host and Connection, and what follows its head. */
export function post(lines: readonly string[], body: string): string {
  return head("POST /ID HTTP/1.1", [`Host: ${HOST}`, ...lines, "Connection: close"]) + body;
}

export function get(lines: readonly string[], target: string = "/ID"): string {
  return head(`GET ${target} HTTP/1.1`, [`Host: ${HOST}`, ...lines, "Connection: close"]);
}

export function head(first: string, lines: readonly string[]): string {
  return `${[first, ...lines].join("\r\n")}\r\n\r\n`;
}

/** The parts as they are sent. */
export function partsOf({ id, bytes }: Vector): Buffer[] {
  const parts = typeof bytes === "string" ? [bytes] : bytes;
  return parts.map((part) => Buffer.from(part.replaceAll("/ID", `/v/${id}`).replaceAll("/EVIL", `/evil/${id}`), "latin1"));
}
