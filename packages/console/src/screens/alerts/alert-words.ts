/** Rules and alerts in words, and where to look for their cause. Pure. */
import { METRICS } from "tidegate/contract";
import type { Alert, AlertCondition, AlertRule } from "tidegate/contract";
import { duration } from "../../format.ts";
import type { Tone } from "../../parts/marks.tsx";
import type { Severity } from "tidegate/contract";

export const severityTones: Record<Severity, Tone> = { low: "quiet", medium: "accent", high: "warn", critical: "bad" };

/** `average of group_lag over 1m 0s > 1000 messages`. */
export function conditionWords(condition: AlertCondition): string {
  const over = `in ${seconds(condition.window)}`;
  if (condition.kind === "metric") {
    const { metric, aggregate = "avg", op, value, baseline, subject } = condition;
    const of = subject === undefined ? "" : ` of ${subject}`;
    const right = baseline === undefined ? `${value}${unitOf(condition)}` : `${value} × the ${seconds(baseline)} before`;
    return `${aggregate} ${metric}${of} ${over} ${op} ${right}`;
  }
  const what =
    condition.kind === "event" ? condition.event : `${condition.log_type ?? "log"}${condition.level ? ` ≥ ${condition.level}` : ""}`;
  const where = (condition.where ?? []).map((c) => `${c.field} ${c.op} ${c.value}`).join(", ");
  const by = condition.by === undefined ? "" : ` by ${condition.by}`;
  return `${condition.count ?? 1} × ${what}${where === "" ? "" : ` where ${where}`}${by} ${over}`;
}

export function unitOf(condition: AlertCondition): string {
  // A sum of rates is a count.
  const unit = condition.kind === "metric" && condition.aggregate !== "sum" ? METRICS[condition.metric]?.unit : "";
  return unit ? ` ${unit}` : "";
}

export function seconds(value: number): string {
  return value < 60 ? `${value} s` : duration(value * 1000).replace(/ 0[smh]$/, "");
}

/** The screen that shows what an alert is about; null where there is none. */
export function causeOf(alert: Alert, rule: AlertRule | undefined): { href: string; label: string } | null {
  if (!rule) return null;
  const { condition } = rule;
  const subject = alert.subject === "" || alert.subject === "*" ? null : alert.subject;
  const from = `from=${Math.floor(alert.since - condition.window * 1000)}`;
  if (condition.kind === "event") return { href: logs(from, `event:${condition.event.split("*")[0]}`), label: "Events" };
  if (condition.kind === "log") {
    const terms = [condition.level && `level:${condition.level}`, subject && condition.by && `${condition.by}:${JSON.stringify(subject)}`];
    return { href: logs(from, terms.filter(Boolean).join(" ")), label: "Log entries" };
  }
  return metricCause(condition.metric, subject, from);
}

function metricCause(metric: string, subject: string | null, from: string): { href: string; label: string } | null {
  if (metric.startsWith("redis_")) return { href: "/redis", label: "Redis" };
  if (metric.startsWith("http_")) return { href: logs(from, subject ? `host:${subject}` : ""), label: "Requests" };
  if (metric === "log_errors") return { href: logs(from, `level:error${subject ? ` component:${subject}` : ""}`), label: "Log entries" };
  if (subject === null) return { href: "/groups", label: "Groups" };
  const [topic = "", group = ""] = subject.split("/").map(encodeURIComponent);
  if (metric === "group_dead_lettered") return { href: `/dead-letters?topic=${topic}&group=${group}`, label: "Dead letters" };
  if (metric.startsWith("group_")) return { href: `/groups/${topic}/${group}`, label: "Group" };
  return metric.startsWith("topic_") ? { href: `/topics/${topic}`, label: "Topic" } : { href: "/status", label: "Status" };
}

function logs(from: string, filter: string): string {
  return `/logs?${from}${filter === "" ? "" : `&filter=${encodeURIComponent(filter)}`}`;
}
