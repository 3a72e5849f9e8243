/** The `~…` fields of a trace's hash as its summary. `redis/scripts/trace-write.lua` says what each holds. */
import type { TraceSummary } from "./telemetry.ts";

export const SUMMARY_MARK = "~";
/** What a summary is made of, in the order `summaryFrom` takes them. */
export const SUMMARY_FIELDS: readonly string[] = ["operation", "component", "start", "end", "status", "spans", "indexes"].map(
  (name) => SUMMARY_MARK + name,
);

/** Null when the trace has gone. */
export function summaryFrom(traceId: string, values: readonly (string | null)[]): TraceSummary | null {
  const [operation, component, start, end, status, spans, indexes] = values;
  if (typeof operation !== "string" || typeof start !== "string") return null;
  return {
    traceId,
    operation,
    component: component ?? "",
    startedAt: Number(start),
    duration: Math.max(0, Math.round((Number(end ?? start) - Number(start)) * 1_000) / 1_000),
    status: (status ?? "ok") as TraceSummary["status"],
    spans: Number(spans ?? 0),
    components: componentsOf(indexes ?? ""),
  };
}

export function summaryOf(traceId: string, fields: Readonly<Record<string, string>>): TraceSummary | null {
  return summaryFrom(
    traceId,
    SUMMARY_FIELDS.map((name) => fields[name] ?? null),
  );
}

// Private

const COMPONENT = "component:";

function componentsOf(indexes: string): string[] {
  const names = indexes.split("\n").filter((index) => index.startsWith(COMPONENT));
  return names.map((index) => index.slice(COMPONENT.length));
}
