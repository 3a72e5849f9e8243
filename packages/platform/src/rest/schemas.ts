/**
 * The answers of contract.ts as schemas, for the OpenAPI document. The annotations make the compiler check that both say
 * the same. Answers are not validated when sent: they come from our own code.
 */
import { z } from "zod";
import type * as contract from "../contract.ts";

const millis = z.number().describe("Unix milliseconds.");

const attempt: z.ZodType<contract.AttemptRecord> = z.object({
  attempt: z.number(),
  at: millis,
  consumer: z.string(),
  code: z.string(),
  error: z.string(),
  stack: z.exactOptional(z.string()),
});

export const message: z.ZodType<contract.Message> = z.object({
  topic: z.string(),
  entryId: z.string(),
  stream: z.string(),
  messageId: z.string(),
  type: z.string(),
  service: z.string(),
  data: z.unknown(),
  priority: z.enum(["critical", "high", "normal", "low"]),
  timestamp: millis,
  retryCount: z.number(),
  maxRetries: z.number().nullable(),
  correlationId: z.string(),
  causationId: z.string().nullable(),
  userId: z.string().nullable(),
  traceparent: z.string().nullable(),
  extra: z.record(z.string(), z.string()),
});

const lane: z.ZodType<contract.LaneInfo> = z.object({
  priority: z.enum(["critical", "high", "normal", "low"]),
  stream: z.string(),
  length: z.number(),
  lastEntryId: z.string().nullable(),
  entriesAdded: z.number(),
});

export const group: z.ZodType<contract.GroupInfo> = z.object({
  topic: z.string(),
  group: z.string(),
  lag: z.number(),
  lagSeconds: z.number().describe("Seconds since the oldest message not yet delivered was stored."),
  pending: z.number(),
  retrying: z.number(),
  consumers: z.array(z.object({ name: z.string(), pending: z.number(), idle: z.number() })),
  missingLanes: z.array(z.enum(["critical", "high", "normal", "low"])),
  oldestPendingIdle: z.number().nullable(),
});

const summary = z.object({
  stream: z.string().describe("Key of the normal lane."),
  length: z.number(),
  entries_added: z.number(),
  first_entry: message.nullable(),
  last_entry: message.nullable(),
  groups: z.array(group),
});
const streamSummary: z.ZodType<contract.StreamSummary> = summary;

const deadLetterSummary: z.ZodType<contract.DeadLetterSummary> = z.object({ stream: z.string(), length: z.number() });

/** Keyed by topic, plus `dead_letter`. */
export const streamsAnswer: z.ZodType<contract.StreamsAnswer> = z.object({ dead_letter: deadLetterSummary }).catchall(streamSummary);

export const streamDetail: z.ZodType<contract.StreamDetail> = summary.extend({ lanes: z.array(lane), recent_messages: z.array(message) });

export const pendingAnswer: z.ZodType<contract.PendingAnswer> = z.object({
  stream: z.string(),
  group: z.string(),
  pending_count: z.number(),
  pending_messages: z.array(
    z.object({ id: z.string(), consumer: z.string(), idle_time: z.number(), delivery_count: z.number(), source: z.string() }),
  ),
  retrying_count: z.number(),
  retrying_messages: z.array(z.object({ entryId: z.string(), dueAt: millis, failures: z.number(), lastError: z.string().nullable() })),
});

const groupMinute = z.object({
  acked: z.number(),
  retried: z.number(),
  dead_lettered: z.number(),
  lag: z.number(),
  lag_seconds: z.number(),
  pending: z.number(),
});

const messagingMinute: z.ZodType<contract.MessagingMinute> = z.object({
  seconds: z.number(),
  topics: z.record(z.string(), z.object({ published: z.number(), groups: z.record(z.string(), groupMinute) })),
});

export const metricsAnswer: z.ZodType<contract.MetricsAnswer> = z.object({
  messaging: messagingMinute.describe("Messaging in the last minute."),
  memory: z.object({
    used_memory: z.number(),
    used_memory_human: z.string(),
    used_memory_peak: z.number(),
    used_memory_peak_human: z.string(),
    maxmemory: z.number(),
  }),
  connections: z.object({ connected_clients: z.number(), total_connections_received: z.number(), total_commands_processed: z.number() }),
  performance: z.object({
    instantaneous_ops_per_sec: z.number(),
    keyspace_hits: z.number(),
    keyspace_misses: z.number(),
    hit_ratio: z.number().describe("Percent; 0 when nothing was asked."),
  }),
  persistence: z.object({
    aof_enabled: z.boolean(),
    aof_delayed_fsync: z.number(),
    rdb_last_save_time: millis,
    last_write_ok: z.boolean(),
  }),
  uptime_seconds: z.number(),
  redis_version: z.string(),
  server: z.string(),
});

const component: z.ZodType<contract.ComponentStatus> = z.object({
  name: z.string(),
  state: z.enum(["waiting", "starting", "healthy", "unhealthy", "stopping", "stopped", "failed"]),
  since: millis,
  restarts: z.number(),
  detail: z.string().nullable(),
  pid: z.number().nullable(),
  needs: z.array(z.string()).describe("Names of those it needs."),
  essential: z.boolean().describe("Without it the whole is unhealthy."),
});

const counts = z.record(z.string(), z.number());
const edge: z.ZodType<contract.EdgeFigures> = z.object({
  workers: z.number().describe("That report."),
  expected: z.number(),
  urls: z.array(z.string()).describe("Where HTTP is taken."),
  ports: z.array(z.string()).describe("TCP ports of services."),
  failed: z.array(z.object({ place: z.string(), why: z.string() })).describe("What is not served, and why."),
  connections: z.number().describe("Open now."),
  tunnels: z.number().describe("WebSockets now."),
  requests: z.number().describe("Since the workers started, as the counts below."),
  held: z.number().describe("Requests and connections that wait now."),
  statuses: counts.describe("By class, as 2xx."),
  refused: counts.describe("By reason, before there was a request."),
  unrecorded: z.number().describe("Not recorded one by one."),
  upstream_connections: z.number().describe("Open to upstreams now."),
  upstream_waiting: z.number().describe("Requests that wait for a connection to an upstream."),
  local_authority: z.string().describe("File of this machine's own authority, which people may trust."),
});

export const orchestratorStatus: z.ZodType<contract.OrchestratorStatus> = z.object({
  status: z.enum(["healthy", "unhealthy"]),
  version: z.string(),
  namespace: z.string(),
  started_at: millis,
  redis: z.object({ address: z.string(), connected: z.boolean(), round_trip_ms: z.number().nullable(), embedded: z.boolean() }),
  components: z.array(component),
  instance: z.string().describe("Names this control process among all on one Redis."),
  leader: z.boolean().describe("Whether it does the duties only one may do."),
  lag: z
    .object({ messages: z.number(), seconds: z.number(), group: z.string().nullable() })
    .describe("Largest lag of a group (`<topic>/<group>`), in messages and as the age in seconds of the oldest undelivered one."),
  edge: edge.nullable().describe("The edge workers of this machine taken together; null: nothing is reported."),
});

export const deadLetter: z.ZodType<contract.DeadLetter> = z.object({
  id: z.string(),
  topic: z.string(),
  originalStream: z.string(),
  originalId: z.string(),
  group: z.string(),
  consumer: z.string(),
  failedAt: millis,
  errorCode: z.string(),
  errorMessage: z.string(),
  errorStack: z.string().nullable(),
  attempts: z.array(attempt),
  message: message.nullable(),
  raw: z.record(z.string(), z.string()),
});

export const deadLetterGroup: z.ZodType<contract.DeadLetterGroup> = z.object({
  signature: z.string(),
  topic: z.string(),
  group: z.string(),
  eventType: z.string(),
  errorCode: z.string(),
  errorMessage: z.string(),
  count: z.number(),
  firstAt: millis,
  lastAt: millis,
});

export const replayJob: z.ZodType<contract.ReplayJob> = z.object({
  id: z.string(),
  filter: z
    .object({
      topic: z.exactOptional(z.string()),
      group: z.exactOptional(z.string()),
      eventType: z.exactOptional(z.string()),
      errorCode: z.exactOptional(z.string()),
      signature: z.exactOptional(z.string()),
      from: z.exactOptional(millis),
      to: z.exactOptional(millis),
      text: z.exactOptional(z.string()),
      ids: z.exactOptional(z.array(z.string())),
    })
    .describe("What it replays; an empty object is everything."),
  rate: z.number().describe("Letters a second; 0 for as fast as it goes."),
  state: z.enum(["running", "done", "cancelled", "failed"]),
  total: z.number().describe("Letters that matched when it began."),
  replayed: z.number(),
  skipped: z.number().describe("Gone before their turn."),
  startedAt: millis,
  updatedAt: millis,
  finishedAt: millis.nullable(),
  error: z.string().nullable(),
});

export const problem: z.ZodType<contract.Problem> = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string().describe("Stable."),
  hint: z.exactOptional(z.string()),
  log_tail: z.exactOptional(z.array(z.string()).readonly().describe("Last lines of the build or the container, where one failed.")),
  request_id: z.string(),
});

/** Schemas with a name of their own in the OpenAPI document. */
export const named: Readonly<Record<string, z.ZodType>> = {
  Message: message,
  Group: group,
  StreamSummary: streamSummary,
  DeadLetter: deadLetter,
  DeadLetterGroup: deadLetterGroup,
  ReplayJob: replayJob,
  Component: component,
  Problem: problem,
};
