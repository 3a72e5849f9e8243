/** Answers and requests of the alert routes; the shapes of rules and destinations belong to alerting itself. */
import { z } from "zod";
import type * as contract from "../contract.ts";
import { SEVERITIES, STEPS } from "../contract.ts";
import { destinationFields, destinationForm } from "../processors/alerts/destination-form.ts";
import { alertRuleForm, ruleFields } from "../processors/alerts/rule-form.ts";

export { alertRuleForm, destinationForm };

const millis = z.number().describe("Unix milliseconds.");
const severity = z.enum(SEVERITIES);

export const alert: z.ZodType<contract.Alert> = z.object({
  id: z.string().describe("`<rule>:<subject>`"),
  rule: z.string(),
  name: z.string(),
  severity,
  subject: z.string(),
  state: z.enum(["pending", "firing", "resolved"]),
  summary: z.string(),
  advice: z.string().nullable(),
  value: z.number().nullable(),
  since: millis,
  fired_at: millis.nullable(),
  resolved_at: millis.nullable(),
  acknowledged: z.object({ by: z.string(), at: millis }).nullable(),
  muted_until: millis.nullable(),
  reason: z.string().nullable().describe("Why it was resolved."),
  notified: z.boolean().describe("Somebody was told that it fires."),
  trace: z.string().nullable(),
});

export const alertsAnswer: z.ZodType<contract.AlertsAnswer> = z.object({ items: z.array(alert), next: z.string().nullable() });

export const overview: z.ZodType<contract.OrchestratorAlertsAnswer> = z.object({
  active: z.array(alert),
  recent: z.array(alert).describe("As they were when they fired or resolved, newest first."),
  counts: z.record(severity, z.number()).describe("Firing ones."),
});

export const alertRule: z.ZodType<contract.AlertRule> = z.object({
  ...ruleFields,
  builtin: z.boolean(),
  version: z.number(),
  updated_at: millis,
});
export const alertRules: z.ZodType<contract.AlertRulesAnswer> = z.object({ items: z.array(alertRule) });

const subjectSeries = z.object({
  subject: z.string(),
  from: millis,
  step: z.union(STEPS.map((step) => z.literal(step))),
  values: z.array(z.number().nullable()),
});
export const previewAnswer: z.ZodType<contract.AlertPreviewAnswer> = z.object({
  firings: z.array(z.object({ subject: z.string(), from: millis, to: millis.nullable(), peak: z.number().nullable(), severity })),
  series: z.array(subjectSeries),
  limit: z.string().nullable().describe("What it cannot know."),
});

const last = z.object({ at: millis, ok: z.boolean(), error: z.string().nullable() }).nullable();
const { webhook, slack, email } = destinationFields;

export const destination: z.ZodType<contract.AlertDestination> = z.discriminatedUnion("kind", [
  z.object(webhook),
  z.object(slack),
  z.object(email),
]);
export const destinations: z.ZodType<contract.AlertDestinationsAnswer> = z.object({
  items: z.array(
    z.discriminatedUnion("kind", [z.object({ ...webhook, last }), z.object({ ...slack, last }), z.object({ ...email, last })]),
  ),
});
export const testAnswer: z.ZodType<contract.AlertTestAnswer> = z.object({ ok: z.boolean(), detail: z.string(), ms: z.number() });

export const muteRequest: z.ZodType<contract.MuteRequest> = z.strictObject({
  rule: z.string().min(1).max(64),
  subject: z.exactOptional(z.string().min(1).max(200)),
  minutes: z.number().int().min(1).max(43_200).describe("At most 30 days."),
});
export const muted: z.ZodType<{ until: number }> = z.object({ until: millis });
export const unmuted: z.ZodType<{ unmuted: boolean }> = z.object({ unmuted: z.boolean() });
