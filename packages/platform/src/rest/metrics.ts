/** Figures: of the Redis server in the shape of the earlier dashboards, as series, as a table of the last minutes, and for Prometheus. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import { METRICS, STEPS, type MetricName, type MetricSeriesAnswer, type OrchestratorMetricsAnswer, type Step } from "../contract.ts";
import { redisMetrics } from "../live/redis-metrics.ts";
import type { Metrics } from "../processors/metrics/metrics-store.ts";
import { CONTENT_TYPE } from "../processors/metrics/prometheus.ts";
import { KEPT } from "../processors/metrics/series-keys.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { metricsAnswer } from "./schemas.ts";

/** Points of one series in one answer. */
const MOST_POINTS = 3_000;
/** Points from which a coarser step is chosen, where none was asked for. */
const ENOUGH_POINTS = 600;
const HOUR = 3_600_000;

const names = Object.keys(METRICS) as [MetricName, ...MetricName[]];
const range = z.exactOptional(z.coerce.number().int().min(0).max(8.64e15));
const query = z.object({
  metric: z.enum(names).describe("What is asked for; docs/reference/metrics.md explains each."),
  subject: z
    .exactOptional(z.string())
    .describe("Host, topic, `topic/group`, component or event type; several with `*`. Default: each on its own."),
  from: range.describe("Unix milliseconds. Default: an hour before `to`."),
  to: range.describe("Unix milliseconds. Default: now."),
  step: z
    .exactOptional(z.enum(STEPS.map(String) as ["1", "10", "60", "3600"]))
    .describe("Seconds of one point. Default: the finest that fits."),
});

const seriesAnswer: z.ZodType<MetricSeriesAnswer> = z.object({
  metric: z.enum(names),
  step: z.union([z.literal(1), z.literal(10), z.literal(60), z.literal(3600)]),
  series: z.array(z.object({ subject: z.string(), from: z.number(), values: z.array(z.number().nullable()) })),
});

const http = z.object({
  host: z.string().describe("`*` is all hosts together."),
  request_rate: z.number(),
  error_rate: z.number(),
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
  requests: z.number(),
  unique_visitors: z.number().describe("Of this hour."),
});
const group = z.object({
  topic: z.string(),
  group: z.string(),
  acked: z.number(),
  retried: z.number(),
  dead_lettered: z.number(),
  lag: z.number(),
  lag_seconds: z.number(),
});
const processor = z.object({
  group: z.string(),
  stream: z.string(),
  holder: z.string().nullable(),
  lag: z.number(),
  lag_seconds: z.number(),
  processed: z.number(),
  lost: z.number(),
});
const recentAnswer: z.ZodType<OrchestratorMetricsAnswer> = z.object({
  at: z.number(),
  http: z.array(http),
  groups: z.array(group),
  processors: z.array(processor),
});

export function metricsRoutes(tide: Tide, metrics: Metrics): readonly Route[] {
  return [ofServer(tide, metrics), series(metrics), recent(metrics), prometheus(metrics)];
}

// Private

function ofServer(tide: Tide, metrics: Metrics): Route {
  return route({
    method: "GET",
    path: "/api/metrics",
    tag: "metrics",
    summary: "Memory, connections, performance and persistence of the Redis server, and messaging in the last minute.",
    answer: metricsAnswer,
    async handle() {
      const [info, messaging] = await Promise.all([tide.serverInfo(), metrics.lastMinute()]);
      return { ...redisMetrics(info), messaging };
    },
  });
}

function series(metrics: Metrics): Route {
  return route({
    method: "GET",
    path: "/api/v1/metrics/series",
    tag: "metrics",
    summary: "One metric over time, one series per subject.",
    query,
    answer: seriesAnswer,
    handle({ query: { metric, subject, from, to, step } }) {
      const until = to ?? Date.now();
      const span = { from: from ?? until - HOUR, to: until };
      const chosen = step === undefined ? finest(span) : (Number(step) as Step);
      check(span, chosen);
      return metrics.series({ metric, ...(subject === undefined ? {} : { subject }), ...span, step: chosen });
    },
  });
}

function recent(metrics: Metrics): Route {
  return route({
    method: "GET",
    path: "/api/v1/orchestrator/metrics",
    tag: "orchestrator",
    summary: "The last five minutes per host and group, and how far the processors are.",
    answer: recentAnswer,
    handle: () => metrics.recent(),
  });
}

function prometheus(metrics: Metrics): Route {
  return route({
    method: "GET",
    path: "/metrics",
    tag: "metrics",
    summary: "The same for Prometheus: text/plain, version 0.0.4.",
    answer: null,
    async handle({ reply }) {
      return reply.type(CONTENT_TYPE).send(await metrics.exposition());
    },
  });
}

/** Which step still has the beginning, in not too many points. */
function finest({ from, to }: { from: number; to: number }): Step {
  const fits = (step: Step): boolean => from >= Date.now() - KEPT[step] * 1000 && (to - from) / 1000 / step <= ENOUGH_POINTS;
  return STEPS.find(fits) ?? 3600;
}

function check({ from, to }: { from: number; to: number }, step: Step): void {
  if (from >= to)
    throw new Refusal(400, "INVALID_REQUEST", `\`from\` (${from}) must be before \`to\` (${to}).`, { hint: "Both are unix milliseconds." });
  const points = Math.ceil((to - from) / 1000 / step);
  if (points <= MOST_POINTS) return;
  throw new Refusal(400, "INVALID_REQUEST", `${points} points of ${step} s are more than ${MOST_POINTS}.`, {
    hint: "Ask for a shorter range or a larger step: 1, 10, 60 or 3600.",
  });
}
