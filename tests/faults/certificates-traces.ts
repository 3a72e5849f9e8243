/** Every attempt to get a certificate has its trace: nothing in it without a beginning, and never two of one name at the same time. */
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "@tidegate/streams";
import type { TraceAnswer } from "../../packages/platform/src/contract.ts";
import { answered, type Crowd } from "./certificates-crowd.ts";

export interface TraceFindings {
  readonly problems: readonly string[];
  readonly traces: number;
  readonly interrupted: number;
  /** Per name, attempts that were broken off before their traces say that an order stands: only these may have lost one. */
  readonly lost: ReadonlyMap<string, number>;
  /** All that was told. */
  readonly text: string;
}

type Span = TraceAnswer["records"][number];

/** Seconds after which the spans of a process that died are closed by others. */
const PATIENCE = 90;

export async function checkTraces({ stage, wanted, tracesEnd }: Crowd, store: Store): Promise<TraceFindings> {
  const ids = await begunTraces(store);
  const found = new Map<string, TraceAnswer | null>();
  for (const id of ids) found.set(id, await ended(stage.products, id, tracesEnd ? PATIENCE : 0));
  const attempts = [...found.values()].flatMap((trace) => trace?.records.filter(({ name }) => name === "certificate.attempt") ?? []);
  const named = Map.groupBy(attempts, ({ attributes }) => String(attributes["certificate"]));
  const problems = [
    ...[...found].flatMap(([id, trace]) => (trace === null ? [`trace ${id} is missing`] : astray(trace, tracesEnd))),
    ...[...wanted.keys()].filter((name) => !named.has(name)).map((name) => `${name} has no trace`),
    ...[...named].flatMap(([name, spans]) => together(name, spans)),
  ];
  const lost = new Map([...wanted.keys()].map((name) => [name, [...found.values()].filter((trace) => mayHaveLost(trace, name)).length]));
  const interrupted = attempts.filter(isInterrupted).length;
  return { problems, traces: found.size, interrupted, lost, text: JSON.stringify([...found.values()]) };
}

// Private

/** By the events that tell of each beginning. */
async function begunTraces(store: Store): Promise<Set<string>> {
  const entries = (await store.ask(["XRANGE", "events:certificate:stream", "-", "+"])) as [string, string[]][];
  const begun = entries.map(([, fields]) => fields).filter((fields) => fields.includes("certificate_generation_started"));
  return new Set(begun.map((fields) => fields[fields.indexOf("trace_id") + 1] ?? ""));
}

async function ended(products: Crowd["stage"]["products"], id: string, patience: number): Promise<TraceAnswer | null> {
  const limit = performance.now() + patience * 1_000;
  for (;;) {
    const { status, body } = await answered(products, "GET", `/api/v1/traces/${id}`);
    const trace = status === 200 ? (body as unknown as TraceAnswer) : null;
    if (trace === null || trace.records.every(({ endedAt }) => endedAt !== null) || performance.now() > limit) return trace;
    await pause(500);
  }
}

/** Of a process that died: as such, or not yet closed by somebody else. */
function isInterrupted({ status }: Span): boolean {
  return status === "interrupted" || status === null;
}

function astray({ traceId, records }: TraceAnswer, tracesEnd: boolean): string[] {
  const known = new Set(records.map(({ spanId }) => spanId));
  const lost = records.filter(({ parentId }) => parentId !== null && !known.has(parentId));
  const open = records.filter(({ endedAt }) => tracesEnd && endedAt === null);
  return [
    ...lost.map(({ name, parentId }) => `in trace ${traceId} the span ${name} has no parent ${parentId}`),
    ...open.map(({ name }) => `in trace ${traceId} the span ${name} has not ended`),
  ];
}

/** What comes after an order begins once it is noted down. */
function mayHaveLost(trace: TraceAnswer | null, name: string): boolean {
  const attempt = trace?.records.find((span) => span.name === "certificate.attempt");
  if (attempt === undefined || !isInterrupted(attempt) || attempt.attributes["certificate"] !== name) return false;
  return trace?.records.some((span) => span.name === "certificate.order") === false;
}

/** When one that was interrupted ended is not known: it is over when the next begins. */
function together(name: string, spans: readonly Span[]): string[] {
  const inTurn = spans.filter((span) => !isInterrupted(span)).toSorted((one, other) => one.startedAt - other.startedAt);
  const overlaps = inTurn.filter(({ startedAt }, index) => index > 0 && startedAt < (inTurn[index - 1]?.endedAt ?? 0));
  return overlaps.map(({ service }) => `${name} was worked on by two at once (${service})`);
}
