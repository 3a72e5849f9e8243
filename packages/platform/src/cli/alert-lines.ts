/** Alerts, rules and destinations in rows and words. */
import type {
  Alert,
  AlertCondition,
  AlertDestinationsAnswer,
  AlertPreviewAnswer,
  AlertRule,
  FieldCondition,
  Severity,
} from "../contract.ts";
import { ago, duration, paint, type Column } from "./output.ts";

type Destination = AlertDestinationsAnswer["items"][number];
type Firing = AlertPreviewAnswer["firings"][number];

export const ALERT_COLUMNS: readonly Column<Alert>[] = [
  { title: "SEVERITY", value: ({ severity }) => severity },
  { title: "STATE", value: stateOf },
  { title: "ALERT", value: ({ id }) => id },
  { title: "SINCE", value: ({ since }) => ago(since) },
  { title: "SUMMARY", value: ({ summary }) => summary },
];

export const PAST_COLUMNS: readonly Column<Alert>[] = [
  { title: "WHEN", value: ({ resolved_at: end, fired_at: at, since }) => ago(end ?? at ?? since) },
  { title: "STATE", value: ({ state }) => state },
  { title: "SEVERITY", value: ({ severity }) => severity },
  { title: "ALERT", value: ({ id }) => id },
  { title: "SUMMARY", value: ({ summary, reason }) => (reason === null ? summary : `${summary} (${reason})`) },
];

export const RULE_COLUMNS: readonly Column<AlertRule>[] = [
  { title: "RULE", value: ({ id }) => id },
  { title: "ON", value: ({ enabled }) => (enabled ? "yes" : "no") },
  { title: "SEVERITY", value: ({ severity }) => severity },
  { title: "FROM", value: ({ builtin, version }) => (!builtin ? "here" : version === 0 ? "shipped" : "shipped, changed") },
  { title: "FIRES WHEN", value: (rule) => conditionWords(rule.condition) + (rule.for === 0 ? "" : `, for ${rule.for} s`) },
];

export const DESTINATION_COLUMNS: readonly Column<Destination>[] = [
  { title: "DESTINATION", value: ({ id }) => id },
  { title: "KIND", value: ({ kind }) => kind },
  { title: "ON", value: ({ enabled }) => (enabled ? "yes" : "no") },
  { title: "FROM SEVERITY", value: ({ min_severity: least }) => least },
  { title: "TO", value: (one) => (one.kind === "email" ? one.to.join(", ") : one.url) },
  { title: "LAST", value: ({ last }) => (last === null ? "-" : `${last.ok ? "arrived" : `failed: ${last.error ?? ""}`} ${ago(last.at)}`) },
];

export const FIRING_COLUMNS: readonly Column<Firing>[] = [
  { title: "FROM", value: ({ from }) => new Date(from).toISOString() },
  { title: "LASTED", value: ({ from, to }) => (to === null ? "until now" : duration(to - from)) },
  { title: "SEVERITY", value: ({ severity }) => severity },
  { title: "SUBJECT", value: ({ subject }) => subject },
  { title: "PEAK", value: ({ peak }) => (peak === null ? "-" : Number(peak.toFixed(2))), right: true },
];

export function mark(severity: Severity): string {
  return paint(severity === "critical" || severity === "high" ? "red" : "yellow", "●");
}

function stateOf({ state, acknowledged, muted_until: until }: Alert): string {
  if (acknowledged !== null) return `${state}, ${acknowledged.by} has it`;
  return until === null ? state : `${state}, muted`;
}

/** `group_lag > 1.5 × the 300 s before, over 60 s`. */
export function conditionWords(condition: AlertCondition): string {
  if (condition.kind === "metric") {
    const { metric, subject, aggregate = "avg", op, value, baseline, floor, window } = condition;
    const of = subject === undefined ? "" : ` of ${subject}`;
    const than = baseline === undefined ? String(value) : `${value} × the ${baseline} s before`;
    return `${aggregate} ${metric}${of} ${op} ${than}${floor === undefined ? "" : ` and at least ${floor}`}, over ${window} s`;
  }
  const { count = 1, window, by, where = [] } = condition;
  const what = condition.kind === "event" ? condition.event : logWords(condition);
  const resolvedBy =
    condition.kind === "event" && condition.resolved_by !== undefined ? `, until ${condition.resolved_by.join(" or ")}` : "";
  const conditions = where.map(fieldWords).join(" and ");
  const per = by === undefined ? "" : ` per ${by}`;
  return `${count} × ${what}${conditions === "" ? "" : ` with ${conditions}`}${per} in ${window} s${resolvedBy}`;
}

// Private

function logWords({ level, log_type: type }: Extract<AlertCondition, { kind: "log" }>): string {
  return [type ?? "log entry", ...(level === undefined ? [] : [`of ${level} and above`])].join(" ");
}

function fieldWords({ field, op, value }: FieldCondition): string {
  return `${field} ${op} ${JSON.stringify(value)}`;
}
