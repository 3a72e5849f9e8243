/** Alerts, their rules and destinations in REST, WebSocket and CLI, as types. All times are unix milliseconds. Part of `contract.ts`. */
import type { Level } from "@tidegate/streams";
import type { MetricName, Step } from "./telemetry-contract.ts";

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];
export const OPERATORS = [">", ">=", "<", "<=", "==", "!="] as const;
export type Operator = (typeof OPERATORS)[number];

/** A field of an event or log entry; text is compared with `==` and `!=`, and may end in `*`. */
export interface FieldCondition {
  field: string;
  op: Operator;
  value: string | number | boolean;
}

export const AGGREGATES = ["avg", "min", "max", "sum", "last"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export type AlertCondition =
  | {
      kind: "metric";
      metric: MetricName;
      /** A subject, or several with `*`. Default: each on its own. */
      subject?: string;
      /** Over `window` seconds. Default `avg`. `sum` of a metric "a second" is how many there were in the window. */
      aggregate?: Aggregate;
      window: number;
      op: Operator;
      value: number;
      /** Instead of `value` alone: the value is how many times the average of this many seconds before the window. */
      baseline?: number;
      /** With `baseline`: and at least so much in itself, so that three times nothing is no alarm. */
      floor?: number;
    }
  | {
      kind: "event";
      /** A type of the catalogue, or several with `*`. */
      event: string;
      where?: FieldCondition[];
      /** Field whose values are the subjects. Default: none, all together. */
      by?: string;
      /** So many within `window` seconds. Default 1. */
      count?: number;
      window: number;
      /** Events that resolve it at once, for the same subject. Without: it resolves when the window holds too few. */
      resolved_by?: string[];
    }
  | {
      kind: "log";
      /** Least level. */
      level?: Level;
      log_type?: "log" | "http_response" | "audit";
      where?: FieldCondition[];
      /** `component`, `host` or any field. */
      by?: string;
      count?: number;
      window: number;
    };

export interface AlertRule {
  /** `[a-z0-9][a-z0-9_-]{0,63}` */
  id: string;
  name: string;
  enabled: boolean;
  /** Came with the product; can be changed and switched off, and `reset`. */
  builtin: boolean;
  condition: AlertCondition;
  /** Seconds the condition must hold before it fires. Default 0. */
  for: number;
  severity: Severity;
  /** The first whose condition the entry meets wins over `severity`; of a metric there are the fields `value` and `subject`. A firing alert that becomes more severe notifies again. */
  severities?: { where: FieldCondition; severity: Severity }[];
  /** Seconds after it resolved in which it does not notify again. Default 300. */
  cooldown: number;
  /** Ids of destinations; empty: all. */
  destinations: string[];
  /** What to do about it, shown with the alert. */
  advice?: string;
  version: number;
  updated_at: number;
}

/**
 * One rule on one subject:
 * pending (condition holds, `for` not yet over) → firing → resolved; pending → gone when it ceases to hold. Acknowledged is a mark on
 * a firing one, muted on a rule or subject: both keep it from notifying, not from being seen.
 */
export interface Alert {
  /** `<rule>:<subject>` */
  id: string;
  rule: string;
  name: string;
  severity: Severity;
  subject: string;
  state: "pending" | "firing" | "resolved";
  summary: string;
  advice: string | null;
  value: number | null;
  since: number;
  fired_at: number | null;
  resolved_at: number | null;
  acknowledged: { by: string; at: number } | null;
  muted_until: number | null;
  /** Why it was resolved. */
  reason: string | null;
  /** Somebody was told that it fires. */
  notified: boolean;
  /** The trace that caused it, where one did. */
  trace: string | null;
}

/** `GET /api/v1/alerts?state=` (pending and firing), `GET …/{id}`, `…/history?limit=&cursor=&rule=` (as they were when they fired or resolved, newest first); the earlier `GET /api/v1/orchestrator/alerts` answers both and counts. */
export interface AlertsAnswer {
  items: Alert[];
  next: string | null;
}

export interface OrchestratorAlertsAnswer {
  active: Alert[];
  recent: Alert[];
  counts: Record<Severity, number>;
}

/** `GET`, `POST /api/v1/alerts/rules`, `GET`, `PUT`, `DELETE …/{id}`, `POST …/{id}/{enable,disable,reset}`. */
export type AlertRuleRequest = Omit<AlertRule, "builtin" | "version" | "updated_at">;
export interface AlertRulesAnswer {
  items: AlertRule[];
}

/** `POST /api/v1/alerts/rules/preview`, body: a rule. What it would have done in the last 24 hours. */
export interface AlertPreviewAnswer {
  firings: { subject: string; from: number; to: number | null; peak: number | null; severity: Severity }[];
  /** For metric rules: the series it was judged by. */
  series: { subject: string; from: number; step: Step; values: (number | null)[] }[];
  /** Why it cannot say all, or null: e.g. the logs of those hours are gone. */
  limit: string | null;
}

/** `POST /api/v1/alerts/{id}/ack`, `DELETE` takes it back; `POST /api/v1/alerts/mute` `{ rule, subject?, minutes }`, `DELETE /api/v1/alerts/mute?rule=&subject=`. */
export interface MuteRequest {
  rule: string;
  subject?: string;
  minutes: number;
}

/** `GET`, `POST /api/v1/alerts/destinations`, `PUT`, `DELETE …/{id}`, `POST …/{id}/test`. Secrets are written and never shown. */
export type AlertDestination = { id: string; enabled: boolean; min_severity: Severity } & (
  | { kind: "webhook"; url: string; secret?: string; allow_private?: boolean }
  | { kind: "slack"; url: string; allow_private?: boolean }
  | { kind: "email"; to: string[]; from: string; smtp: string; allow_private?: boolean }
);
export interface AlertDestinationsAnswer {
  items: (AlertDestination & { last: { at: number; ok: boolean; error: string | null } | null })[];
}

/** `POST /api/v1/alerts/destinations/{id}/test` */
export interface AlertTestAnswer {
  ok: boolean;
  /** What the other side said, or why it could not be asked. */
  detail: string;
  ms: number;
}

/** What a webhook receives; `X-Tidegate-Signature: t=<unix seconds>,v1=<hex of HMAC-SHA256 over "<t>.<body>">`, `X-Tidegate-Delivery: <id>` to tell repeats by. */
export interface AlertNotification {
  delivery: string;
  event: "alert_firing" | "alert_resolved" | "test";
  at: number;
  alert: Alert;
}

/** Live: sent when an alert changes, and once after connecting. */
export interface LiveAlerts {
  type: "alerts";
  active: Alert[];
}
