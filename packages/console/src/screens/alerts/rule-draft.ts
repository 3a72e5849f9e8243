/** A rule while it is edited: everything as a person types it, and back to what the server takes. Pure. */
import { METRICS, OPERATORS } from "tidegate/contract";
import type { AlertCondition, AlertRule, AlertRuleRequest, FieldCondition, Level, MetricName, Operator, Severity } from "tidegate/contract";

export interface Draft {
  id: string;
  name: string;
  enabled: boolean;
  kind: AlertCondition["kind"];
  metric: MetricName;
  subject: string;
  aggregate: "avg" | "min" | "max" | "sum" | "last";
  window: string;
  op: Operator;
  value: string;
  baseline: string;
  event: string;
  level: Level | "";
  logType: "log" | "http_response" | "audit" | "";
  /** One condition a line. */
  where: string;
  by: string;
  count: string;
  resolvedBy: string;
  for: string;
  severity: Severity;
  cooldown: string;
  destinations: readonly string[];
  advice: string;
  /** Kept as they are; the form has no place for them. */
  severities: AlertRule["severities"];
}

export const blank: Draft = {
  id: "",
  name: "",
  enabled: true,
  kind: "metric",
  metric: "group_lag",
  subject: "",
  aggregate: "avg",
  window: "60",
  op: ">",
  value: "1000",
  baseline: "",
  event: "",
  level: "error",
  logType: "",
  where: "",
  by: "",
  count: "1",
  resolvedBy: "",
  for: "0",
  severity: "medium",
  cooldown: "300",
  destinations: [],
  advice: "",
  severities: undefined,
};

export function draftOf(rule: AlertRule): Draft {
  const { condition } = rule;
  return {
    ...blank,
    id: rule.id,
    name: rule.name,
    enabled: rule.enabled,
    for: String(rule.for),
    severity: rule.severity,
    cooldown: String(rule.cooldown),
    destinations: rule.destinations,
    advice: rule.advice ?? "",
    severities: rule.severities,
    window: String(condition.window),
    kind: condition.kind,
    ...(condition.kind === "metric" ? metricDraft(condition) : countDraft(condition)),
  };
}

/** What the server takes, or what keeps it from being that. */
export function requestOf(draft: Draft): AlertRuleRequest | { fault: string } {
  try {
    return {
      id: draft.id.trim() || idFrom(draft.name),
      name: required(draft.name, "name"),
      enabled: draft.enabled,
      condition: conditionOf(draft),
      for: whole(draft.for, "for"),
      severity: draft.severity,
      cooldown: whole(draft.cooldown, "cooldown"),
      destinations: [...draft.destinations],
      ...(draft.advice.trim() === "" ? {} : { advice: draft.advice.trim() }),
      ...(draft.severities === undefined ? {} : { severities: draft.severities }),
    };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

export function idFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return id.slice(0, 64) || "rule";
}

/** `status >= 500`, one a line. */
export function parseWhere(text: string): FieldCondition[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const found = /^\s*([\w.@-]+)\s*(>=|<=|==|!=|>|<)\s*(.+?)\s*$/.exec(line);
    const [, field, op, value] = found ?? [];
    if (field === undefined || value === undefined || !isOperator(op))
      throw new Error(`"${line.trim()}" is not a condition: write a field, an operator and a value, e.g. status >= 500.`);
    return { field, op, value: typed(value) };
  });
}

export function writeWhere(where: readonly FieldCondition[]): string {
  return where.map(({ field, op, value }) => `${field} ${op} ${typeof value === "string" ? JSON.stringify(value) : value}`).join("\n");
}

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

// Private

type Of<K extends AlertCondition["kind"]> = Extract<AlertCondition, { kind: K }>;

function metricDraft(condition: Of<"metric">): Partial<Draft> {
  const { metric, subject = "", aggregate = "avg", op, value, baseline } = condition;
  return { metric, subject, aggregate, op, value: String(value), baseline: baseline === undefined ? "" : String(baseline) };
}

function countDraft(condition: Of<"event"> | Of<"log">): Partial<Draft> {
  const shared = { where: writeWhere(condition.where ?? []), by: condition.by ?? "", count: String(condition.count ?? 1) };
  if (condition.kind === "log") return { ...shared, level: condition.level ?? "", logType: condition.log_type ?? "" };
  return { ...shared, event: condition.event, resolvedBy: (condition.resolved_by ?? []).join(", ") };
}

function conditionOf(draft: Draft): AlertCondition {
  const window = whole(draft.window, "window", 1);
  if (draft.kind === "metric") {
    const { metric, aggregate, op } = draft;
    const value = number(draft.value, "value");
    const more = {
      ...given("subject", draft.subject),
      ...(draft.baseline.trim() === "" ? {} : { baseline: whole(draft.baseline, "baseline", 1) }),
    };
    return { kind: "metric", metric, aggregate, window, op, value, ...more };
  }
  const where = parseWhere(draft.where);
  const shared = { ...(where.length === 0 ? {} : { where }), ...given("by", draft.by), count: whole(draft.count, "count", 1), window };
  if (draft.kind === "log") return { kind: "log", ...given("level", draft.level), ...given("log_type", draft.logType), ...shared };
  const resolvedBy = draft.resolvedBy.split(/[\s,]+/).filter((name) => name !== "");
  return {
    kind: "event",
    event: required(draft.event, "event"),
    ...shared,
    ...(resolvedBy.length === 0 ? {} : { resolved_by: resolvedBy }),
  };
}

function given<N extends string, V extends string>(name: N, value: V | ""): { [K in N]?: V } {
  return value.trim() === "" ? {} : ({ [name]: value.trim() } as { [K in N]?: V });
}

function required(value: string, what: string): string {
  if (value.trim() === "") throw new Error(`Give it a ${what === "event" ? "type of event" : what}.`);
  return value.trim();
}

function number(text: string, what: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Error(`The ${what} is not a number: "${text}".`);
  return value;
}

function whole(text: string, what: string, least = 0): number {
  const value = number(text, what);
  if (!Number.isInteger(value) || value < least) throw new Error(`The ${what} must be a whole number of at least ${least}: "${text}".`);
  return value;
}

function typed(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return /^".*"$/.test(text) ? (JSON.parse(text) as string) : text;
}

function isOperator(text: string | undefined): text is Operator {
  return OPERATORS.some((op) => op === text);
}
