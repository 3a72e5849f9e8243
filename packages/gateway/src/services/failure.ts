/** Why an operation failed, as it is kept and told: one line, the code, and the container's last lines without the service's own secrets. */
import { GatewayError, GATEWAY_ERRORS, type GatewayErrorCode } from "../errors.ts";
import { LABELS, type Engine } from "./engine/engine.ts";
import type { Run, Workplace } from "./run.ts";
import { hider } from "./secrets.ts";
import type { Failure, ServiceData } from "./spec.ts";
import { containersOf } from "./steps.ts";

/** Lines of a container's log that are kept with a failure. */
const TAIL = 20;
const LONGEST_LINE = 500;
const LONGEST_MESSAGE = 1_000;
/** Milliseconds a log may take. */
const TAIL_LIMIT = 3_000;

export async function failureOf(run: Run, error: unknown): Promise<Failure> {
  const { stage, place, operation } = run;
  const told = error instanceof GatewayError ? error.logTail : [];
  const container = told.length > 0 ? null : await newest(run).catch(() => null);
  const log_tail = container === null ? told.map(run.hide).slice(-TAIL) : await logTail(place.engine, container, run.hide);
  const code = error instanceof GatewayError ? error.code : "DOCKER_ERROR";
  const message = told.length > 0 ? oneLine(error, run.hide) : withLast(oneLine(error, run.hide), log_tail);
  return { at: Date.now(), stage, code, message, log_tail, trace: traceOf(operation.traceparent) };
}

/** A container has ended that nobody of us has ended. */
export async function endOf(
  place: Workplace,
  service: string,
  data: ServiceData,
  error: GatewayError,
  trace: string | null,
): Promise<Failure> {
  const hide = hider(place.vault, service, data.spec);
  const log_tail = data.container === null ? [] : await logTail(place.engine, data.container.id, hide);
  return { at: Date.now(), stage: "run", code: error.code, message: withLast(oneLine(error, hide), log_tail), log_tail, trace };
}

/** The error a failure is told as. */
export function errorOf(failure: Failure, cause?: unknown): GatewayError {
  const code = Object.hasOwn(GATEWAY_ERRORS, failure.code) ? (failure.code as GatewayErrorCode) : "DOCKER_ERROR";
  const hint = cause instanceof GatewayError && cause.hint !== undefined ? { hint: cause.hint } : {};
  return new GatewayError(code, failure.message, { ...hint, logTail: failure.log_tail });
}

export function traceOf(traceparent: string): string | null {
  return traceparent.split("-")[1] ?? null;
}

// Private

async function newest(run: Run): Promise<string | null> {
  const { generation } = run.operation;
  const containers = await containersOf(run);
  const made = containers.find(({ labels }) => labels[LABELS.generation] === String(generation));
  const adopted = run.data.container?.generation === generation ? run.data.container.id : null;
  return made?.id ?? adopted;
}

async function logTail(engine: Engine, id: string, hide: (text: string) => string): Promise<string[]> {
  const lines: string[] = [];
  try {
    const signal = AbortSignal.timeout(TAIL_LIMIT);
    for await (const { text } of engine.logs(id, { tail: TAIL }, signal)) lines.push(hide(text).slice(0, LONGEST_LINE));
  } catch {
    // It may be gone with its log; the reason itself does not depend on it.
  }
  return lines.slice(-TAIL);
}

/** What it said last is most often the reason. */
function withLast(message: string, tail: readonly string[]): string {
  const last = tail.findLast((line) => line.trim() !== "");
  return last === undefined || message.includes(last) ? message : `${message}; its last line: ${last}`;
}

function oneLine(error: unknown, hide: (text: string) => string): string {
  const text = error instanceof Error ? error.message : String(error);
  return hide(text)
    .replace(/\s*\n\s*/g, " · ")
    .trim()
    .slice(0, LONGEST_MESSAGE);
}
