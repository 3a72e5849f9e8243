/** The record of one request; a class, so that all have one hidden shape and cost one allocation. */
import { randomFillSync } from "node:crypto";
import type { AccessRecord, EdgeRequest } from "./exchange.ts";

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const NO_TRACE = "0".repeat(32);

export class RequestRecord implements AccessRecord {
  readonly request: EdgeRequest;
  client: string;
  path: string;
  target: string | null = null;
  route: string | null = null;
  upstream: string | null = null;
  endpoint: string | null = null;
  status = 0;
  user: string | null = null;
  access: string | null = null;
  reason: string | null = null;
  error: string | null = null;
  attempts = 0;
  bytesIn = 0;
  bytesOut = 0;
  decidedAt = 0;
  connectedAt = 0;
  sentAt = 0;
  answeredAt = 0;
  endedAt = 0;
  tunnel: "websocket" | null = null;
  closedBy: "client" | "upstream" | "edge" | null = null;
  closeCode: number | null = null;
  traceId: string;
  spanId: string;
  parentId: string | null = null;
  sampled = true;

  /** A trace the client began goes on: its id is no secret and no right. */
  constructor(request: EdgeRequest, client: string) {
    this.request = request;
    this.client = client;
    this.path = request.target;
    this.spanId = hex(8);
    const given = request.fields.get("traceparent");
    const parts = given === undefined ? null : TRACEPARENT.exec(given);
    if (parts === null || parts[1] === NO_TRACE) this.traceId = hex(16);
    else {
      this.traceId = parts[1] as string;
      this.parentId = parts[2] as string;
    }
  }
}

// Private

/** Random bytes are made a few thousand at a time: one call for each id would cost more than the rest of the record. */
const POOL = Buffer.allocUnsafe(8_192);
let used = POOL.length;

function hex(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += bytes;
  return POOL.toString("hex", used - bytes, used);
}
