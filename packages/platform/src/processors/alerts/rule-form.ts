/** What a rule must look like: its shape as a schema (REST checks and documents with it), and what a schema cannot say. */
import { EVENTS, EVENT_TYPES, LEVELS } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../../auth/refusal.ts";
import {
  AGGREGATES,
  METRICS,
  OPERATORS,
  SEVERITIES,
  type AlertCondition,
  type AlertRuleRequest,
  type FieldCondition,
  type MetricName,
} from "../../contract.ts";
import { ENTRY_FIELDS, like } from "./matching.ts";

const DAY = 86_400;
const WEEK = 7 * DAY;
/** Nothing is kept for longer at a usable resolution. */
const LONGEST_METRIC = 2 * DAY;

const seconds = (least: number, most: number): z.ZodType<number> =>
  z.number().int().min(least, `must be at least ${least} s`).max(most, `must be at most ${most} s`);

const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];
const where: z.ZodType<FieldCondition> = z.strictObject({
  field: z.string().min(1).max(100),
  op: z.enum(OPERATORS),
  value: z.union([z.string().max(500), z.number(), z.boolean()]),
});
const entry = {
  where: z.exactOptional(z.array(where).max(10)),
  by: z.exactOptional(z.string().min(1).max(100).describe("Field whose values are the subjects.")),
  count: z.exactOptional(z.number().int().min(1).max(1_000_000)),
  window: seconds(1, WEEK),
};

const condition: z.ZodType<AlertCondition> = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("metric"),
    metric: z.enum(METRIC_NAMES, {
      error: (issue) => `is no metric: ${JSON.stringify(issue.input)}; there are ${METRIC_NAMES.join(", ")}`,
    }),
    subject: z.exactOptional(z.string().min(1).max(200)),
    aggregate: z.exactOptional(z.enum(AGGREGATES)),
    window: seconds(1, LONGEST_METRIC),
    op: z.enum(OPERATORS),
    value: z.number(),
    baseline: z.exactOptional(seconds(1, LONGEST_METRIC)),
    floor: z.exactOptional(z.number()),
  }),
  z.strictObject({
    kind: z.literal("event"),
    event: z.string().min(1).max(100),
    ...entry,
    resolved_by: z.exactOptional(z.array(z.string()).max(20)),
  }),
  z.strictObject({
    kind: z.literal("log"),
    level: z.exactOptional(z.enum(LEVELS)),
    log_type: z.exactOptional(z.enum(["log", "http_response", "audit"])),
    ...entry,
  }),
]);

export const ruleFields = {
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be up to 64 of a-z 0-9 _ - beginning with a letter or digit"),
  name: z.string().min(1).max(100),
  enabled: z.boolean().default(true),
  condition,
  for: seconds(0, DAY).default(0),
  severity: z.enum(SEVERITIES),
  severities: z.exactOptional(z.array(z.strictObject({ where, severity: z.enum(SEVERITIES) })).max(10)),
  cooldown: seconds(0, WEEK).default(300),
  destinations: z.array(z.string().min(1).max(64)).max(20).default([]),
  advice: z.exactOptional(z.string().max(500)),
};

export const alertRuleForm: z.ZodType<AlertRuleRequest> = z.strictObject(ruleFields);

/** Throws INVALID_ALERT_RULE for what has the right shape and could still never fire. */
export function checkRule(rule: AlertRuleRequest): AlertRuleRequest {
  const complaint = complaintAbout(rule.condition) ?? complaintAboutSeverities(rule);
  if (complaint !== null) throw new Refusal(400, "INVALID_ALERT_RULE", `Rule ${rule.id}: ${complaint[0]}`, { hint: complaint[1] });
  return rule;
}

// Private

type Complaint = readonly [what: string, hint: string] | null;

function complaintAbout(given: AlertCondition): Complaint {
  if (given.kind === "log") return null;
  if (given.kind === "event") return complaintAboutEvent(given);
  const { baseline, window, floor, metric } = given;
  if (baseline === undefined && floor !== undefined)
    return ["floor is only for a rule with a baseline.", "Leave floor out, or give baseline."];
  if (baseline !== undefined && baseline + window > LONGEST_METRIC)
    return [`window and baseline together are ${baseline + window} s.`, `At most ${LONGEST_METRIC} s of metrics are fine enough.`];
  if (given.subject !== undefined && METRICS[metric].per === "" && given.subject !== "*")
    return [`${metric} has only the subject *, found ${JSON.stringify(given.subject)}.`, "Leave subject out."];
  return null;
}

function complaintAboutEvent({ event, by, where: conditions, resolved_by: resolvedBy }: AlertCondition & { kind: "event" }): Complaint {
  const types = EVENT_TYPES.filter((type) => like(event).test(type));
  const nobody = types.length === 0 ? event : resolvedBy?.find((type) => !EVENT_TYPES.some((known) => known === type));
  if (nobody !== undefined)
    return [`nothing publishes the event ${JSON.stringify(nobody)}.`, `The catalogue has ${EVENT_TYPES.join(", ")}.`];
  if (types.some((type) => type.startsWith("alert_"))) return [`it would watch alerts with alerts.`, "Name events other than alert_*."];
  const fields = new Set<string>([...ENTRY_FIELDS, ...types.flatMap((type) => Object.keys(EVENTS[type]))]);
  const stranger = [by, ...(conditions ?? []).map(({ field }) => field)].find((field) => field !== undefined && !fields.has(field));
  return stranger === undefined ? null : [`${event} has no field ${JSON.stringify(stranger)}.`, `It has ${[...fields].join(", ")}.`];
}

function complaintAboutSeverities({ condition: { kind }, severities }: AlertRuleRequest): Complaint {
  const stranger = kind === "metric" ? severities?.find(({ where: { field } }) => field !== "value" && field !== "subject") : undefined;
  if (stranger === undefined) return null;
  return [`severities of a metric cannot look at ${JSON.stringify(stranger.where.field)}.`, "A metric has the fields value and subject."];
}
