/** The rules that come with the product, all enabled. What somebody changed of them is kept in Redis; `reset` brings these back. */
import type { AlertRule } from "../../contract.ts";

type Given = Omit<AlertRule, "enabled" | "builtin" | "for" | "cooldown" | "destinations" | "version" | "updated_at"> & { for?: number };

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** What the earlier systems watched. */
const EARLIER: readonly Given[] = [
  {
    id: "error-rate",
    name: "Many errors",
    condition: { kind: "log", level: "error", by: "component", count: 11, window: 300 },
    severity: "high",
    advice: "Read them: tidegate log errors. The trace of the last one is linked.",
  },
  {
    id: "service-failed",
    name: "Service failed",
    condition: { kind: "event", event: "service_failed", by: "service", window: 300, resolved_by: ["service_started", "service_deleted"] },
    severity: "critical",
    advice: "It is restarted with growing pauses. See why: tidegate status, tidegate log search --component <service>.",
  },
  {
    id: "certificate-expiring",
    name: "Certificate expires soon",
    condition: {
      kind: "event",
      event: "certificate_expiring_soon",
      by: "certificate",
      window: 2 * DAY,
      resolved_by: ["certificate_renewed", "certificate_ready", "certificate_converted", "certificate_deleted"],
    },
    severity: "medium",
    severities: [
      { where: { field: "days_remaining", op: "<=", value: 7 }, severity: "critical" },
      { where: { field: "days_remaining", op: "<=", value: 14 }, severity: "high" },
    ],
    advice:
      "It should have been renewed by itself. Why it was not: tidegate cert explain <certificate>. An uploaded one is replaced by hand.",
  },
  {
    id: "certificate-failed",
    name: "Certificate not issued",
    condition: {
      kind: "event",
      event: "certificate_*_failed",
      by: "certificate",
      window: DAY,
      resolved_by: ["certificate_renewed", "certificate_ready", "certificate_converted", "certificate_deleted"],
    },
    severity: "high",
    advice:
      "Most often a name that does not point here, or port 80 closed. The last problem and the next attempt: tidegate cert explain <certificate>.",
  },
  {
    id: "certificates-unwatched",
    name: "Nobody looks after certificates",
    condition: {
      kind: "event",
      event: "component_unhealthy",
      where: [{ field: "component", op: "==", value: "certificates" }],
      by: "component",
      window: HOUR,
      resolved_by: ["component_recovered"],
    },
    severity: "critical",
    advice:
      "None is renewed by that process. Why: tidegate status. Restart it if it hangs: the others, and the next start, go on where it was.",
  },
  {
    id: "slow-response",
    name: "Slow response",
    condition: {
      kind: "log",
      log_type: "http_response",
      where: [{ field: "duration_ms", op: ">", value: 5_000 }],
      by: "host",
      window: 300,
    },
    severity: "medium",
    advice: "Follow the linked trace: its longest span is where the time went.",
  },
  {
    id: "response-spike",
    name: "Responses slower than usual",
    condition: { kind: "metric", metric: "http_avg", window: 60, op: ">", value: 3, baseline: 600, floor: 250 },
    severity: "medium",
    advice: "Compare traces of now and of half an hour ago for the same route.",
  },
];

/** What the streams and their Redis need. */
const STREAMS: readonly Given[] = [
  {
    id: "lag-growing",
    name: "Consumer group falls behind",
    condition: { kind: "metric", metric: "group_lag", window: 60, op: ">", value: 1.5, baseline: 300, floor: 1_000 },
    for: 30,
    severity: "high",
    advice: "More workers, or a faster handler: tidegate lag, tidegate group show <topic> <group>.",
  },
  {
    id: "dead-letters",
    name: "Dead letters",
    condition: { kind: "metric", metric: "group_dead_lettered", aggregate: "sum", window: 300, op: ">", value: 0 },
    severity: "high",
    advice: "See what failed, mend it, replay: tidegate dlq groups, tidegate dlq replay.",
  },
  {
    id: "silent-consumer",
    name: "Messages wait and no consumer answers",
    condition: { kind: "metric", metric: "group_silence", aggregate: "last", window: 30, op: ">", value: 60 },
    severity: "high",
    advice: "Is the worker running? tidegate group show <topic> <group> says who was last heard of.",
  },
  {
    id: "redis-memory",
    name: "Redis memory nearly full",
    condition: { kind: "metric", metric: "redis_memory", window: 60, op: ">", value: 80 },
    severity: "high",
    severities: [{ where: { field: "value", op: ">=", value: 95 }, severity: "critical" }],
    advice: "When it is full nothing is published any more. Raise maxmemory or shorten retention: tidegate topic ls.",
  },
  {
    id: "redis-evicting",
    name: "Redis may delete messages",
    condition: { kind: "metric", metric: "redis_evicting", aggregate: "last", window: 30, op: "==", value: 1 },
    severity: "critical",
    advice: "CONFIG SET maxmemory-policy noeviction, and the same in the server's configuration file.",
  },
  {
    id: "aof-delayed",
    name: "The disk holds up Redis",
    condition: { kind: "metric", metric: "redis_aof_delayed", aggregate: "sum", window: 60, op: ">", value: 0 },
    severity: "medium",
    advice: "Another program writes much to the same disk, or it is too slow. Publishing waits for it.",
  },
  {
    id: "telemetry-lost",
    name: "Logs or events lost",
    condition: { kind: "metric", metric: "telemetry_lost", aggregate: "sum", window: 60, op: ">", value: 0 },
    severity: "high",
    advice: "More was written than Redis or our processors took. Raise the level of the noisiest component: tidegate log stats.",
  },
];

export const SHIPPED: ReadonlyMap<string, AlertRule> = new Map(
  [...EARLIER, ...STREAMS].map((given) => [
    given.id,
    { for: 0, ...given, enabled: true, builtin: true, cooldown: 300, destinations: [], version: 0, updated_at: 0 },
  ]),
);
