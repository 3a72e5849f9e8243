/** Whether an entry is what a rule looks for, and what may be asked of an entry. Pure. */
import { LEVELS, type Level, type TelemetryRecord } from "@tidegate/streams";
import type { AlertRule, FieldCondition, Operator, Severity } from "../../contract.ts";

/** Fields every entry has, beside those of its `data`. */
export const ENTRY_FIELDS = ["component", "service", "message", "level", "event_type", "log_type", "trace_id"] as const;

export function fieldOf(record: TelemetryRecord, field: string): unknown {
  const own: Readonly<Record<string, unknown>> = {
    // Of what an event tells, else of who told it.
    component: record.fields["component"] ?? record.component,
    service: record.fields["service"] ?? record.service,
    message: record.message,
    level: record.level,
    event_type: record.eventType,
    log_type: record.logType,
    trace_id: record.traceId,
  };
  return Object.hasOwn(own, field) ? own[field] : within(record.fields, field);
}

export function meets(read: (field: string) => unknown, { field, op, value }: FieldCondition): boolean {
  const found = read(field);
  if (found === undefined || found === null) return op === "!=";
  if (typeof value === "number") return compare(Number(found), op, value);
  const same = typeof value === "string" ? like(value).test(textOf(found)) : textOf(found) === String(value);
  return op === "==" ? same : op === "!=" && !same;
}

export function compare(found: number, op: Operator, value: number): boolean {
  switch (op) {
    case ">":
      return found > value;
    case ">=":
      return found >= value;
    case "<":
      return found < value;
    case "<=":
      return found <= value;
    case "==":
      return found === value;
    case "!=":
      return found !== value;
  }
}

/** A name, where `*` stands for any text. */
export function like(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const source = pattern.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  const made = new RegExp(`^${source.join("[^]*")}$`);
  if (patterns.size < MOST_PATTERNS) patterns.set(pattern, made);
  return made;
}

export function atLeast(level: Level | null, least: Level): boolean {
  return level !== null && LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** The first of the rule's severities whose condition is met, else its own. */
export function severityOf(rule: Pick<AlertRule, "severity" | "severities">, read: (field: string) => unknown): Severity {
  return rule.severities?.find(({ where }) => meets(read, where))?.severity ?? rule.severity;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

// Private

const MOST_PATTERNS = 1_000;
const patterns = new Map<string, RegExp>();

/** `error.code` is `code` within `error`, unless there is a field of that name. */
function within(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  const dot = name.indexOf(".");
  const inner = dot === -1 ? undefined : fields[name.slice(0, dot)];
  return typeof inner === "object" && inner !== null ? within(inner as Record<string, unknown>, name.slice(dot + 1)) : undefined;
}
