/** A trace as a waterfall: a tree of its spans, each with a bar over the whole time, its duration, and what failed. Pure; plain ASCII bars. */
import type { SpanRecord, Trace } from "@tidegate/streams";

export interface WaterfallRow {
  /** Indented name and component, cut to its column. */
  readonly label: string;
  readonly bar: string;
  readonly duration: string;
  readonly status: SpanRecord["status"];
  /** On a line of its own; null where nothing failed. */
  readonly error: string | null;
}

/** `width` in characters, of a whole row. */
export function waterfall(trace: Trace, width: number): WaterfallRow[] {
  const bar = Math.max(16, Math.floor(width * 0.32));
  const label = width - bar - DURATION - 2;
  const end = trace.startedAt + Math.max(trace.duration, 0.001);
  return treeOf(trace.records).map(({ span, depth }) => ({
    label: labelOf(span, depth, label),
    bar: barOf(span, trace.startedAt, end, bar),
    duration: durationOf(span).padStart(DURATION),
    status: span.status,
    error: errorOf(span, depth, width),
  }));
}

// Private

const DURATION = 9;
const DEEPEST = 12;

/** Each span below the one that caused it; a span whose parent is not here stands at the top. */
function treeOf(records: readonly SpanRecord[]): { span: SpanRecord; depth: number }[] {
  const known = new Set(records.map(({ spanId }) => spanId));
  const children = Map.groupBy(records, ({ parentId }) => (parentId !== null && known.has(parentId) ? parentId : ""));
  const rows: { span: SpanRecord; depth: number }[] = [];
  const stack = (children.get("") ?? []).map((span) => ({ span, depth: 0 })).toReversed();
  const seen = new Set<string>();
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    if (seen.has(row.span.spanId)) continue;
    seen.add(row.span.spanId);
    rows.push(row);
    const { depth } = row;
    stack.push(...(children.get(row.span.spanId) ?? []).map((span) => ({ span, depth: depth + 1 })).toReversed());
  }
  return rows;
}

function labelOf({ name, component, attributes }: SpanRecord, depth: number, width: number): string {
  const attempt = attributes["attempt"];
  const again = typeof attempt === "number" && attempt > 1 ? ` #${attempt}` : "";
  const indent = "  ".repeat(Math.min(depth, DEEPEST));
  return cut(`${indent}${name}${again}  ${component}`, width).padEnd(width);
}

function barOf({ startedAt, endedAt, status }: SpanRecord, from: number, to: number, width: number): string {
  const place = (at: number): number => Math.min(width, Math.max(0, Math.round(((at - from) / (to - from)) * width)));
  const first = Math.min(width - 1, place(startedAt));
  const last = Math.max(first + 1, place(endedAt ?? to));
  const mark = status === "error" ? "x" : status === "interrupted" ? "?" : status === null ? "~" : "=";
  return " ".repeat(first) + mark.repeat(last - first) + " ".repeat(width - last);
}

function durationOf({ startedAt, endedAt, status }: SpanRecord): string {
  if (endedAt === null) return status === null ? "running" : "lost";
  const ms = endedAt - startedAt;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function errorOf({ status, error }: SpanRecord, depth: number, width: number): string | null {
  if (status !== "error" && status !== "interrupted") return null;
  const text = status === "interrupted" ? "interrupted: its process vanished" : (error ?? "failed").split("\n")[0];
  return cut(`${"  ".repeat(Math.min(depth, DEEPEST) + 1)}! ${text}`, width);
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(1, width - 3))}...` : text;
}
