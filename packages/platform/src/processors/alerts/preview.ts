/** What a rule would have done in the last 24 hours: from the metrics, or by reading the streams of logs and events back. */
import type { Store } from "@tidegate/streams";
import type { AlertPreviewAnswer, AlertRule } from "../../contract.ts";
import type { PlatformKeys } from "../../redis/keys.ts";
import { entryOf, type StreamEntry } from "../pages.ts";
import { isEntryRule, type EntryCondition, type EntryRule } from "./hits.ts";
import { Matcher, type Hit } from "./matcher.ts";
import { isMetricRule, judge, seriesOf, type MetricRule, type Series, type SeriesSource } from "./metric-watch.ts";
import { periodsOf } from "./periods.ts";
import { step as move, type StoredAlert } from "./state.ts";

export interface PreviewDeps {
  readonly store: Store;
  readonly keys: PlatformKeys;
  readonly metrics: SeriesSource;
}

type Firing = AlertPreviewAnswer["firings"][number];

const DAY = 86_400_000;
/** Seconds of a point: finer ones are not kept for a day. */
const STEP = 60;
const MOST_SERIES = 50;
const MOST_FIRINGS = 500;
/** Entries of one stream that are read back. */
const MOST_ENTRIES = 50_000;
const PAGE = 1_000;

export async function preview(deps: PreviewDeps, rule: AlertRule, now: number): Promise<AlertPreviewAnswer> {
  const answer = isMetricRule(rule) ? await byMetric(deps, rule, now) : isEntryRule(rule) ? await byEntries(deps, rule, now) : null;
  const { firings, series, limits } = answer ?? { firings: [], series: [], limits: [] };
  const first = firings.toSorted((a, b) => b.from - a.from).slice(0, MOST_FIRINGS);
  if (firings.length > MOST_FIRINGS) limits.push(`There were ${firings.length} firings; these are the last ${MOST_FIRINGS}.`);
  return { firings: first, series, limit: limits.length === 0 ? null : limits.join(" ") };
}

// Private

interface Found {
  readonly firings: Firing[];
  readonly series: AlertPreviewAnswer["series"];
  readonly limits: string[];
}

async function byMetric({ metrics }: PreviewDeps, rule: MetricRule, now: number): Promise<Found> {
  const { condition } = rule;
  const to = Math.floor(now / (STEP * 1000)) * STEP * 1000;
  const from = to - DAY;
  const all = await seriesOf(metrics, condition, from - (condition.window + (condition.baseline ?? 0)) * 1000, to, STEP);
  const chosen = all.slice(0, MOST_SERIES);
  const limits: string[] = [];
  if (all.length > MOST_SERIES) limits.push(`There are ${all.length} subjects; only the first ${MOST_SERIES} were judged.`);
  if (condition.window < STEP || rule.for % STEP !== 0) limits.push("It was judged once a minute, by averages of a minute.");
  if (!all.some(({ values, from: begin }) => values.some((value, at) => value !== null && begin + at * STEP * 1000 < from + DAY / 24)))
    limits.push("Of the first of these hours nothing is known.");
  const firings = chosen.flatMap((series) => walk(rule, series, from, to));
  return {
    firings,
    series: chosen.map(({ subject, from: begin, values }) => ({ subject, from: begin, step: STEP, values: [...values] })),
    limits,
  };
}

/** The same states as in real life, minute by minute. */
function walk(rule: MetricRule, series: Series, from: number, to: number): Firing[] {
  const firings: Firing[] = [];
  let alert: StoredAlert | null = null;
  for (let at = from; at <= to; at += STEP * 1000) {
    const sight = judge(rule, series, at, STEP) ?? NOTHING(series.subject, rule);
    const next = move(alert, sight, { ...rule, cooldown: 0 }, at);
    const last = firings.at(-1);
    if (next.event === "alert_firing" && alert?.state !== "firing")
      firings.push({ subject: series.subject, from: at, to: null, peak: sight.value, severity: sight.severity });
    else if (last !== undefined && next.event === "alert_resolved") firings[firings.length - 1] = { ...last, to: at };
    else if (last !== undefined && next.alert?.state === "firing")
      firings[firings.length - 1] = { ...last, peak: farther(rule, last.peak, sight.value), severity: next.alert.severity };
    alert = next.alert;
  }
  return firings;
}

const NOTHING = (subject: string, { severity }: AlertRule): Parameters<typeof move>[1] => ({
  subject,
  holds: false,
  value: null,
  severity,
  summary: "",
  trace: null,
  met: 0,
  reason: "",
});

function farther({ condition: { op } }: MetricRule, one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return op === "<" || op === "<=" ? Math.min(one, other) : Math.max(one, other);
}

async function byEntries(deps: PreviewDeps, rule: EntryRule, now: number): Promise<Found> {
  const matcher = new Matcher([rule]);
  const hits: Hit[] = [];
  const limits: string[] = [];
  for (const [kind, part] of partsOf(rule.condition)) {
    const limit = await readBack(
      deps.store,
      deps.keys.stream(kind, part),
      now - DAY,
      (entries) => void hits.push(...matcher.match(entries)),
    );
    if (limit !== null) limits.push(limit);
  }
  hits.sort((a, b) => a.at - b.at);
  return { firings: periodsOf(rule, hits, now), series: [], limits };
}

type Part = readonly ["logs" | "events", string];

/** Where such entries are written to. */
function partsOf(condition: EntryCondition): readonly Part[] {
  if (condition.kind === "event") return [["events", "all"]];
  const parts = { http_response: ["request"], audit: ["audit"], log: ["error", "system"] } as const;
  const named = condition.log_type === undefined ? Object.values(parts).flat() : parts[condition.log_type];
  return named.map((part) => ["logs", part] as const);
}

/** The newest first, so that of too many the old ones are left out. Answers what is missing. */
async function readBack(
  store: Store,
  stream: string,
  from: number,
  take: (entries: readonly StreamEntry[]) => void,
): Promise<string | null> {
  let end = "+";
  for (let read = 0; read < MOST_ENTRIES; read += PAGE) {
    const reply = await store.ask(["XREVRANGE", stream, end, String(from), "COUNT", String(PAGE)]);
    const page = Array.isArray(reply) ? reply.flatMap(entryOf) : [];
    take(page);
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return await trimmed(store, stream, from);
    end = `(${last.id}`;
  }
  return `${stream}: only the last ${MOST_ENTRIES} entries were read, back to ${when(end.slice(1))}.`;
}

/** Whether the stream begins later than was asked for because older entries were removed. */
async function trimmed(store: Store, stream: string, from: number): Promise<string | null> {
  const reply = await store.ask(["XRANGE", stream, "-", "+", "COUNT", "1"]);
  const first = Array.isArray(reply) ? reply.flatMap(entryOf)[0] : undefined;
  if (first === undefined || Number.parseInt(first.id, 10) <= from) return null;
  const info = await store.ask(["XINFO", "STREAM", stream]);
  const at = Array.isArray(info) ? info.indexOf("max-deleted-entry-id") : -1;
  const removed = Array.isArray(info) && at !== -1 ? String(info[at + 1]) : "0-0";
  return removed === "0-0" ? null : `${stream} goes back only to ${when(first.id)}.`;
}

function when(id: string): string {
  return new Date(Number.parseInt(id, 10)).toISOString();
}
