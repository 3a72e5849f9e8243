/**
 * What a metric rule sees: points of its window, and of the time before it where the rule compares. Only whole points count, so a window
 * ends up to one step and a moment ago.
 */
import { METRICS, STEPS, type AlertCondition, type AlertRule, type Step } from "../../contract.ts";
import type { Metrics } from "../metrics/metrics-store.ts";
import { compare, severityOf } from "./matching.ts";
import type { Sight } from "./state.ts";

export type MetricCondition = Extract<AlertCondition, { kind: "metric" }>;
export type MetricRule = AlertRule & { readonly condition: MetricCondition };

/** All that alerting asks of the metrics. */
export type SeriesSource = Pick<Metrics, "series">;

export interface Series {
  readonly subject: string;
  readonly from: number;
  readonly values: readonly (number | null)[];
}

export function isMetricRule(rule: AlertRule): rule is MetricRule {
  return rule.condition.kind === "metric";
}

/** Up to so many seconds are looked at in points of 1 s, 10 s, 60 s; fine points are kept for a shorter time and cost more to read. */
const FINEST: readonly (readonly [seconds: number, step: Step])[] = [
  [120, STEPS[0]],
  [3_600, STEPS[1]],
  [21_600, STEPS[2]],
];
/** Milliseconds until what happened has reached the metrics. */
const SETTLE = 1_500;

export function stepFor({ window, baseline = 0 }: MetricCondition): Step {
  return FINEST.find(([seconds]) => window + baseline <= seconds)?.[1] ?? STEPS[3];
}

export async function lookAt(metrics: SeriesSource, rule: MetricRule, now: number): Promise<Sight[]> {
  const { condition } = rule;
  const step = stepFor(condition);
  const to = Math.floor((now - SETTLE) / (step * 1000)) * step * 1000;
  const series = await seriesOf(metrics, condition, to - (condition.window + (condition.baseline ?? 0)) * 1000, to, step);
  return series.flatMap((one) => judge(rule, one, to, step) ?? []);
}

/** Everything together is not a subject where each is asked for on its own. */
export async function seriesOf(
  metrics: SeriesSource,
  { metric, subject }: MetricCondition,
  from: number,
  to: number,
  step: Step,
): Promise<readonly Series[]> {
  const query = { metric, from, to, step, ...(subject === undefined ? {} : { subject }) };
  const { series } = await metrics.series(query);
  const each = subject === undefined && METRICS[metric].per !== "";
  const wanted = each ? series.filter((one) => one.subject !== "*") : series;
  return wanted.map((one) => (one.subject === "" ? { ...one, subject: "*" } : one));
}

/** At the moment `to` (unix ms); null while nothing is known. */
export function judge(rule: MetricRule, series: Series, to: number, step: Step): Sight | null {
  const { condition } = rule;
  const { window, op, value: factor, baseline, floor = -Infinity } = condition;
  const begin = to - Math.max(window, step) * 1000;
  const value = aggregated(condition, between(series, step, begin, to), step);
  if (value === null) return null;
  const usual = baseline === undefined ? 1 : usualOf(condition, between(series, step, begin - baseline * 1000, begin), step);
  const holds = usual !== null && value >= floor && compare(value, op, factor * usual);
  const read = (field: string): unknown => (field === "value" ? value : field === "subject" ? series.subject : undefined);
  return {
    subject: series.subject,
    holds,
    value,
    severity: severityOf(rule, read),
    summary: words(condition, series.subject, value, baseline === undefined ? null : usual),
    trace: null,
    met: 0,
    reason: `it is ${shown(value)} now`,
  };
}

// Private

function between({ from, values }: Series, step: Step, begin: number, end: number): number[] {
  const first = Math.max(0, Math.ceil((begin - from) / (step * 1000)));
  const last = Math.max(0, Math.ceil((end - from) / (step * 1000)));
  return values.slice(first, last).filter((value) => value !== null);
}

function aggregated({ metric, aggregate = "avg" }: MetricCondition, values: readonly number[], step: Step): number | null {
  if (values.length === 0) return null;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (aggregate) {
    case "avg":
      return sum / values.length;
    case "sum":
      // Back from a rate to what was counted: one is 1, not 1.0000002.
      return METRICS[metric].unit.endsWith("/s") ? Math.round(sum * step * 1000) / 1000 : sum;
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "last":
      return values.at(-1) ?? null;
  }
}

/** As much as the window would have had. */
function usualOf(condition: MetricCondition, values: readonly number[], step: Step): number | null {
  const { aggregate, window, baseline = window } = condition;
  if (aggregate !== "sum") return aggregated({ ...condition, aggregate: "avg" }, values, step);
  const sum = aggregated(condition, values, step);
  return sum === null ? null : (sum * window) / baseline;
}

function words(condition: MetricCondition, subject: string, value: number, usual: number | null): string {
  const { metric, window, op, value: limit, baseline, aggregate } = condition;
  const of = subject === "*" ? "" : ` of ${subject}`;
  const than = baseline === undefined ? shown(limit) : `${shown(limit)} × the ${shown(usual ?? 0)} of the ${baseline} s before`;
  const counted = aggregate === "sum" && METRICS[metric].unit.endsWith("/s");
  const unit = counted || METRICS[metric].unit === "" ? "" : ` ${METRICS[metric].unit}`;
  return `${metric}${of}: ${shown(value)}${unit}${aggregate === "last" ? "" : ` in ${window} s`} (${op} ${than})`;
}

function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0 });
}
