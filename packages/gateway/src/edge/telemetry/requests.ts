/**
 * Requests as the rest of the product sees them: an access record, a trace with its phases, and an event of the catalogue for each, written in batches
 * by the connection's sink. Up to `perSecond` requests a second and worker are told one by one, and as many failed ones beside them; every request is
 * counted. Without Redis the sink keeps what fits and counts what does not.
 */
import type { Attributes, Logger, SpanPhase, Tide } from "@tidegate/streams";
import type { AccessRecord } from "../http/exchange.ts";
import { Budget } from "./budget.ts";

export interface RequestsOptions {
  /** Default 1,000. */
  readonly perSecond?: number;
}

const PER_SECOND = 1_000;
/** Milliseconds between two lines that say how many were not told. */
const SAY_EVERY = 10_000;
const CLIENT_GONE = 499;

export class RequestTelemetry {
  requests = 0;
  unrecorded = 0;
  readonly statuses: Record<string, number> = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
  readonly #budget: Budget;
  readonly #failures: Budget;
  #tide: Tide | null = null;
  #logger: Logger | null = null;
  #told = 0;
  #saidAt = 0;

  constructor({ perSecond = PER_SECOND }: RequestsOptions = {}) {
    this.#budget = new Budget(perSecond);
    this.#failures = new Budget(perSecond);
  }

  connected(tide: Tide): void {
    this.#tide = tide;
    this.#logger = tide.logger("edge");
  }

  /** Whether a request that begins now is told one by one; its trace's flag says the same to the upstream. */
  sample(): boolean {
    return this.#budget.take(performance.now());
  }

  done(record: AccessRecord): void {
    this.requests += 1;
    const group = `${Math.floor(record.status / 100)}xx`;
    this.statuses[group] = (this.statuses[group] ?? 0) + 1;
    const tide = this.#tide;
    const wanted = record.sampled || (isFailure(record) && this.#failures.take(record.endedAt));
    if (tide === null || !wanted) this.unrecorded += 1;
    else this.#tell(tide, record);
  }

  /** Once a second. */
  sweep(now: number): void {
    const count = this.unrecorded - this.#told;
    if (count === 0 || this.#logger === null || now - this.#saidAt < SAY_EVERY) return;
    this.#told = this.unrecorded;
    this.#saidAt = now;
    this.#logger.info(`${count} requests were counted and not recorded one by one: there were too many`, { unrecorded: count });
  }

  // Private

  #tell(tide: Tide, record: AccessRecord): void {
    const { traceId, parentId, request, endedAt } = record;
    const error = failureOf(record);
    tide.recordSpan({
      name: nameOf(record),
      kind: "server",
      component: "edge",
      id: record,
      ...(parentId === null ? {} : { parent: `00-${traceId}-${parentId}-01` }),
      begun: request.begunAt,
      ended: endedAt,
      error,
      details: () => ({ attributes: attributesOf(record), phases: phasesOf(record) }),
    });
    this.#logger?.response(responseOf(record, error));
    happened(tide, record, error);
  }
}

// Private

/** A route's or target's name: paths would be as many names as there are requests. */
function nameOf({ request, route, target }: AccessRecord): string {
  return `${request.method} ${route ?? target ?? "unknown host"}`;
}

function isFailure({ status, reason }: AccessRecord): boolean {
  return status >= 500 || status === CLIENT_GONE || reason === "upstream_broke";
}

function failureOf(record: AccessRecord): Error | null {
  if (!isFailure(record)) return null;
  const error = new Error(record.error ?? record.reason ?? `answered ${record.status}`);
  error.stack = "";
  return error;
}

/** Names: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ */
function attributesOf(record: AccessRecord): Attributes {
  const { request, path, status, target, route, upstream, endpoint, client, user, reason, attempts } = record;
  return {
    "http.request.method": request.method,
    "url.path": path,
    "url.scheme": request.peer.secure ? "https" : "http",
    "http.response.status_code": status,
    "server.address": request.host,
    "client.address": client,
    "user.id": user ?? undefined,
    target: target ?? undefined,
    route: route ?? undefined,
    upstream: upstream ?? undefined,
    endpoint: endpoint ?? undefined,
    reason: reason ?? undefined,
    attempts: attempts > 1 ? attempts : undefined,
  };
}

/** What it waited for, in order. */
function phasesOf(record: AccessRecord): SpanPhase[] {
  const { request, decidedAt, connectedAt, sentAt, answeredAt, endedAt } = record;
  const phases: SpanPhase[] = [];
  const phase = (name: string, begun: number, ended: number): void => {
    if (begun > 0 && ended >= begun) phases.push({ name, begun, ended });
  };
  phase("decide", request.headAt, decidedAt);
  phase("connect", decidedAt, connectedAt);
  phase("send", connectedAt, sentAt);
  phase("wait", sentAt > 0 ? sentAt : connectedAt, answeredAt);
  phase("answer", answeredAt, endedAt);
  return phases;
}

function responseOf(record: AccessRecord, error: Error | null): Parameters<Logger["response"]>[0] {
  const { request, path, client, user, status, bytesIn, bytesOut, endedAt, target, route, upstream, reason, tunnel } = record;
  const mark = request.target.indexOf("?");
  return {
    method: request.method,
    path,
    query: mark < 0 ? undefined : request.target.slice(mark + 1),
    host: request.host,
    ip: client,
    user: user ?? undefined,
    userAgent: request.fields.get("user-agent"),
    referer: request.fields.get("referer"),
    bytesIn,
    bytesOut,
    status,
    duration: endedAt - request.begunAt,
    waits: tunnel !== null,
    route: route ?? target ?? undefined,
    error: error ?? undefined,
    span: record,
    fields: {
      ...timings(record),
      ...(upstream === null ? {} : { upstream }),
      ...(reason === null ? {} : { reason }),
      ...(tunnel === null ? {} : { tunnel, closed_by: record.closedBy, close_code: record.closeCode }),
    },
  };
}

/** Milliseconds. */
function timings({ request, decidedAt, connectedAt, sentAt, answeredAt }: AccessRecord): Record<string, number> {
  const found: Record<string, number> = {};
  const note = (name: string, from: number, to: number): void => {
    if (from > 0 && to >= from) found[name] = Math.round((to - from) * 100) / 100;
  };
  note("decide_ms", request.headAt, decidedAt);
  note("connect_ms", decidedAt, connectedAt);
  note("send_ms", connectedAt, sentAt);
  note("wait_ms", sentAt, answeredAt);
  return found;
}

function happened(tide: Tide, record: AccessRecord, error: Error | null): void {
  const { request, path, status, endedAt } = record;
  const data = { host: request.host, method: request.method, path, status, duration_ms: Math.round(endedAt - request.begunAt) };
  if (error === null) tide.event("proxy_request_completed", data, { component: "edge", span: record });
  else tide.event("proxy_request_failed", { ...data, error: error.message }, { component: "edge", span: record });
}
