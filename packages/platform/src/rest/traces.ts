/** Traces: found by time, component, operation, duration, status and attribute, and one of them with its spans and log entries. */
import type { Tide, TraceQuery } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { SpanRecord, TraceAnswer, TracesAnswer } from "../contract.ts";
import type { Observation } from "../processors/compose.ts";
import { logEntry } from "./log-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { logsOfTrace } from "./trace-logs.ts";

export function traceRoutes(tide: Tide, observation: Observation): readonly Route[] {
  return [listTraces(tide), getTrace(tide, observation)];
}

// Private

const STATUSES = ["ok", "error", "interrupted", "running"] as const;
const tag = "traces";
const at = z.number().describe("Unix milliseconds.");

const summary = {
  traceId: z.string(),
  operation: z.string().describe("Name of the first span."),
  component: z.string(),
  startedAt: at,
  duration: z.number().describe("Milliseconds from the first start to the last end so far."),
  status: z.enum(STATUSES),
  spans: z.number(),
  components: z.array(z.string()),
};

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const record: z.ZodType<SpanRecord> = z.object({
  spanId: z.string(),
  parentId: z.string().nullable(),
  name: z.string(),
  kind: z.enum(["internal", "server", "client", "producer", "consumer"]),
  component: z.string(),
  service: z.string(),
  startedAt: at,
  endedAt: at.nullable().describe("Null while it runs."),
  status: z.enum(["ok", "error", "interrupted"]).nullable().describe("`interrupted`: its process vanished."),
  error: z.string().nullable(),
  attributes: z.record(z.string(), value),
  events: z.array(z.object({ at, name: z.string(), attributes: z.exactOptional(z.record(z.string(), value)) })),
});

const page: z.ZodType<TracesAnswer> = z.object({ items: z.array(z.object(summary)), next: z.string().nullable() });
const one: z.ZodType<TraceAnswer> = z.object({
  ...summary,
  records: z.array(record).describe("By start."),
  dropped: z.number().describe("Spans that did not fit."),
  logs: z.array(logEntry).describe("Entries that carry the id, by time; at most 500."),
});

const attribute = z.string().regex(/^[^:]+:.*$/s, "must be name:value");
const time = z.coerce.number().min(0);
const query = z.object({
  from: z.exactOptional(time.describe("Unix milliseconds, of the start.")),
  to: z.exactOptional(time),
  component: z.exactOptional(z.string().min(1).describe("Any span's.")),
  operation: z.exactOptional(z.string().min(1).describe("Any span's name.")),
  min_duration: z.exactOptional(time.describe("Milliseconds.")),
  max_duration: z.exactOptional(time.describe("Milliseconds.")),
  status: z.exactOptional(z.enum(STATUSES)),
  attribute: z.exactOptional(z.union([attribute, z.array(attribute)]).describe("`name:value` of any span; repeat it for several.")),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.exactOptional(z.string().describe("`next` of the page before.")),
});

function listTraces(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/traces",
    tag,
    summary: "Traces, newest first. A page may be short, and even empty, and still have a next one.",
    query,
    answer: page,
    async handle(call) {
      const { min_duration: minDuration, max_duration: maxDuration, attribute: wanted, ...rest } = call.query;
      const asked: TraceQuery = {
        ...rest,
        ...(minDuration === undefined ? {} : { minDuration }),
        ...(maxDuration === undefined ? {} : { maxDuration }),
        ...(wanted === undefined ? {} : { attributes: attributesOf([wanted].flat()) }),
      };
      const { items, next } = await tide.traces.list(asked);
      return { items: [...items], next };
    },
  });
}

function attributesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf(":")), pair.slice(pair.indexOf(":") + 1)]));
}

function getTrace(tide: Tide, observation: Observation): Route {
  return route({
    method: "GET",
    path: "/api/v1/traces/{id}",
    tag,
    summary: "One trace: its spans, and the log entries that carry its id.",
    params: z.object({ id: z.string().regex(/^[0-9a-f]{32}$/i, "must be 32 hex digits") }),
    answer: one,
    async handle({ params }) {
      const id = params.id.toLowerCase();
      const [trace, logs] = await Promise.all([tide.traces.get(id), logsOfTrace(observation, id)]);
      if (trace !== null) return { ...trace, logs: logs.toSorted((a, b) => a.at - b.at) };
      throw new Refusal(404, "UNKNOWN_TRACE", `There is no trace ${id}.`, {
        hint: "Traces are kept for a day; some are left out by sampling. Its log entries: GET /api/v1/logs/search?trace=",
      });
    },
  });
}
