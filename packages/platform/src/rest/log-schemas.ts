/** Answers of the log routes, and the change of settings. */
import { LEVELS } from "@tidegate/streams";
import { z } from "zod";
import type * as contract from "../contract.ts";
import { logQuery } from "../processors/logs/log-query.ts";

const level = z.enum(LEVELS);
export const logEntry: z.ZodType<contract.LogEntry> = z.object({
  id: z.string(),
  at: z.number().describe("Unix milliseconds."),
  level: level.nullable(),
  eventType: z.string().nullable(),
  logType: z.enum(["log", "http_request", "http_response", "audit"]).nullable(),
  component: z.string(),
  service: z.string(),
  traceId: z.string().nullable(),
  spanId: z.string().nullable(),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});

export const logsAnswer: z.ZodType<contract.LogsAnswer> = z.object({
  logs: z.array(logEntry).describe("Newest first."),
  total: z.number().nullable().describe("Matches in the whole range where the index knows, else null."),
  next: z.string().nullable(),
  scanned: z.number().describe("Entries looked at."),
  complete: z.boolean().describe("False: enough was looked at, not enough was found; ask on with `next`."),
  query_params: logQuery,
});

const counts = z.partialRecord(z.enum([...LEVELS, "event"]), z.number());

export const histogramAnswer: z.ZodType<contract.LogHistogramAnswer> = z.object({
  from: z.number(),
  to: z.number(),
  step: z.number(),
  buckets: z.array(z.object({ at: z.number(), counts })),
  complete: z.boolean(),
});

export const statsAnswer: z.ZodType<contract.LogStatsAnswer> = z.object({
  hours: z.number(),
  total: z.number(),
  requests: z.number(),
  error_rate: z.number().describe("Percent."),
  client_error_rate: z.number().describe("Percent."),
  unique_visitors: z.number(),
  bytes_in: z.number(),
  bytes_out: z.number(),
  response_time: z.object({
    avg: z.number().nullable(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    p99: z.number().nullable(),
  }),
  top_paths: z.array(z.object({ path: z.string(), requests: z.number(), errors: z.number(), p95: z.number().nullable() })),
  status_codes: z.record(z.string(), z.number()),
  hosts: z.array(z.object({ host: z.string(), requests: z.number(), error_rate: z.number(), unique_visitors: z.number() })),
  levels: z.partialRecord(level, z.number()),
  components: z.array(z.object({ component: z.string(), entries: z.number(), errors: z.number() })),
});

const name = z.string().min(1).max(200);
const share = z.number().min(0).max(1);
const rate = z.number().int().min(0);

export const settingsAnswer: z.ZodType<contract.LogSettingsAnswer> = z.object({
  level: level.nullable(),
  levels: z.record(z.string(), level),
  samples: z.record(z.string(), z.number()),
  limits: z.record(z.string(), z.number()),
});

export const settingsRequest: z.ZodType<contract.LogSettingsRequest> = z
  .strictObject({
    level: z.exactOptional(level.nullable()),
    levels: z.exactOptional(z.record(name, level.nullable())),
    samples: z.exactOptional(z.record(name, share.nullable())),
    limits: z.exactOptional(z.record(name, rate.nullable())),
  })
  .refine((given) => Object.keys(given).length > 0, "say what to change: level, levels, samples, limits");
