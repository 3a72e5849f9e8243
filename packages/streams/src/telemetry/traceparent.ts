/**
 * The W3C `traceparent` header, in and out. Strict, as the text asks: one that is malformed is as good as none, so that a trace never
 * continues under an id nobody gave. https://www.w3.org/TR/trace-context/#traceparent-header
 */
import { randomFillSync } from "node:crypto";

export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Null when it is none. Of versions to come the known parts are taken. */
export function parseTraceparent(header: string | null | undefined): TraceParent | null {
  if (typeof header !== "string") return null;
  const parts = HEADER.exec(header);
  if (parts === null) return null;
  const [, version, traceId = "", spanId = "", flags = "", more] = parts;
  if (version === "ff" || (version === "00" && more !== undefined)) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** A new span of the same trace, or a new trace. */
export function childTraceparent(header: string | undefined): string {
  const parent = parseTraceparent(header);
  return formatTraceparent({ traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId(), sampled: parent?.sampled ?? true });
}

export function newTraceId(): string {
  return randomHex(16);
}

export function newSpanId(): string {
  return randomHex(8);
}

// Private

const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);
const SAMPLED = 1;

/** Asking the system for each id would cost more than all else a span does. */
const pool = Buffer.alloc(8_192);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString("hex", used, (used += bytes));
  return /[1-9a-f]/.test(hex) ? hex : randomHex(bytes);
}
