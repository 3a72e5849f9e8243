/** What `GET /metrics` says: what was counted since the beginning, and how things stand at this moment. */
import type { GroupInfo, Store } from "@tidegate/streams";
import type { ProcessorStatus } from "../../contract.ts";
import { DURATION_BORDERS } from "./counting.ts";
import type { DelayCounts } from "./loop-delay.ts";
import { fieldsOf } from "../hash-fields.ts";
import { render, type Family, type Sample } from "./prometheus.ts";
import type { SeriesKeys } from "./series-keys.ts";

export interface Standing {
  readonly groups: readonly GroupInfo[];
  readonly processors: readonly ProcessorStatus[];
  /** The server's INFO. */
  readonly redis: Readonly<Record<string, string>>;
  readonly delay: DelayCounts;
}

export async function exposition(store: Store, keys: SeriesKeys, standing: Standing): Promise<string> {
  const read = async (family: string): Promise<Totals> => totalsOf(await store.ask(["HGETALL", keys.totals(family)]));
  const names = ["requests", "durations", "bytes", "errors", "events", "messages"] as const;
  const [requests, durations, bytes, errors, events, messages] = await Promise.all(names.map(read));
  return render([
    ...httpFamilies(requests ?? [], durations ?? [], bytes ?? []),
    counter("log_errors_total", "Log entries of level error and above.", labelled(errors ?? [], "component")),
    counter("events_total", "Events of the catalogue.", labelled(events ?? [], "type")),
    ...messageFamilies(messages ?? []),
    ...groupFamilies(standing.groups),
    ...processorFamilies(standing.processors),
    ...redisFamilies(standing.redis),
    ...processFamilies(standing.delay),
  ]);
}

// Private

/** Labels and count. */
type Totals = readonly (readonly [labels: readonly string[], count: number])[];

function totalsOf(reply: unknown): Totals {
  const fields = Object.entries(fieldsOf(reply)).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return fields.map(([labels, count]) => [labels.split("\t"), Number(count)] as const);
}

function labelled(totals: Totals, ...names: string[]): Sample[] {
  return totals.map(([labels, value]) => ({ labels: Object.fromEntries(names.map((name, index) => [name, labels[index] ?? ""])), value }));
}

function httpFamilies(requests: Totals, durations: Totals, bytes: Totals): Family[] {
  const way = (wanted: string): Sample[] =>
    labelled(bytes, "host", "way").flatMap(({ labels, value }) => {
      return labels?.["way"] === wanted ? [{ labels: { host: labels["host"] ?? "" }, value }] : [];
    });
  return [
    counter("http_requests_total", "Requests answered.", labelled(requests, "host", "status_class")),
    family("histogram", "http_request_duration_seconds", "Time to answer a request.", durationSamples(durations)),
    counter("http_request_bytes_total", "Bytes of requests.", way("in")),
    counter("http_response_bytes_total", "Bytes of answers.", way("out")),
  ];
}

function durationSamples(totals: Totals): Sample[] {
  const hosts = Map.groupBy(totals, ([[host = ""]]) => host);
  return [...hosts].flatMap(([host, rows]) => {
    const counts = new Map(rows.map(([[, border = ""], count]) => [border, count]));
    let sum = 0;
    const buckets = DURATION_BORDERS.map((border): Sample => {
      sum += counts.get(String(border)) ?? 0;
      return { suffix: "_bucket", labels: { host, le: String(border / 1000) }, value: sum };
    });
    const count = sum + (counts.get("more") ?? 0);
    return [
      ...buckets,
      { suffix: "_bucket", labels: { host, le: "+Inf" }, value: count },
      { suffix: "_sum", labels: { host }, value: (counts.get("microseconds") ?? 0) / 1e6 },
      { suffix: "_count", labels: { host }, value: count },
    ];
  });
}

function messageFamilies(totals: Totals): Family[] {
  const published = totals.flatMap(([[topic = "", what], value]) => (what === "published" ? [{ labels: { topic }, value }] : []));
  const of = (wanted: string): Sample[] =>
    totals.flatMap(([[subject = "", what], value]) => (what === wanted ? [{ labels: groupLabels(subject), value }] : []));
  return [
    counter("messages_published_total", "Messages stored.", published),
    counter("messages_acked_total", "Messages a group has acknowledged.", of("acked")),
    counter("messages_retried_total", "Failed attempts that another follows.", of("retried")),
    counter("messages_dead_lettered_total", "Messages a group has given up.", of("dead")),
  ];
}

function groupLabels(subject: string): Record<string, string> {
  const [topic = "", group = ""] = subject.split("/");
  return { topic, group };
}

function groupFamilies(groups: readonly GroupInfo[]): Family[] {
  const of = (value: (group: GroupInfo) => number): Sample[] =>
    groups.map((group) => ({ labels: { topic: group.topic, group: group.group }, value: value(group) }));
  return [
    gauge(
      "group_lag",
      "Messages not yet delivered.",
      of(({ lag }) => lag),
    ),
    gauge(
      "group_lag_seconds",
      "Age of the oldest message not yet delivered.",
      of(({ lagSeconds }) => lagSeconds),
    ),
    gauge(
      "group_pending",
      "Messages delivered and not yet answered.",
      of(({ pending }) => pending),
    ),
    gauge(
      "group_retrying",
      "Messages that wait for another attempt.",
      of(({ retrying }) => retrying),
    ),
    gauge(
      "group_consumers",
      "Consumers.",
      of(({ consumers }) => consumers.length),
    ),
  ];
}

function processorFamilies(processors: readonly ProcessorStatus[]): Family[] {
  const of = (value: (processor: ProcessorStatus) => number): Sample[] =>
    processors.map((processor) => ({ labels: { group: processor.group, stream: processor.stream }, value: value(processor) }));
  return [
    gauge(
      "processor_lag",
      "Entries of logs and events not yet processed.",
      of(({ lag }) => lag),
    ),
    gauge(
      "processor_lag_seconds",
      "Age of the oldest of them.",
      of((one) => one.lag_seconds),
    ),
    counter(
      "processor_processed_total",
      "Entries processed.",
      of(({ processed }) => processed),
    ),
    counter(
      "processor_lost_total",
      "Entries trimmed before they were processed.",
      of(({ lost }) => lost),
    ),
  ];
}

const REDIS: readonly [field: string, type: "counter" | "gauge", name: string, help: string][] = [
  ["used_memory", "gauge", "redis_memory_used_bytes", "Memory Redis uses."],
  ["maxmemory", "gauge", "redis_memory_max_bytes", "Its limit; 0 for none."],
  ["connected_clients", "gauge", "redis_connected_clients", "Connections."],
  ["total_commands_processed", "counter", "redis_commands_total", "Commands since the server's start."],
  ["evicted_keys", "counter", "redis_evicted_keys_total", "Keys evicted since the server's start."],
  ["aof_delayed_fsync", "counter", "redis_aof_delayed_fsync_total", "Writes that waited for the disk."],
  ["uptime_in_seconds", "gauge", "redis_uptime_seconds", "Since the server's start."],
];

function redisFamilies(info: Readonly<Record<string, string>>): Family[] {
  return REDIS.flatMap(([field, type, name, help]) =>
    info[field] === undefined ? [] : [family(type, name, help, [{ value: Number(info[field]) }])],
  );
}

function processFamilies(delay: DelayCounts): Family[] {
  const { user, system } = process.cpuUsage();
  const one = (value: number): Sample[] => [{ value }];
  return [
    counter("process_cpu_seconds_total", "Processor time of this control process.", one((user + system) / 1e6)),
    gauge("process_resident_memory_bytes", "Its memory.", one(process.memoryUsage.rss())),
    gauge("process_uptime_seconds", "Since its start.", one(process.uptime())),
    family("histogram", "process_loop_delay_seconds", "How late its event loop comes to what is due, looked at every 20 ms.", [
      ...delay.buckets.map(([border, value]): Sample => ({ suffix: "_bucket", labels: { le: String(border / 1000) }, value })),
      { suffix: "_bucket", labels: { le: "+Inf" }, value: delay.count },
      { suffix: "_sum", value: delay.sum / 1000 },
      { suffix: "_count", value: delay.count },
    ]),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return family("counter", name, help, samples);
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return family("gauge", name, help, samples);
}

function family(type: Family["type"], name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `tidegate_${name}`, type, help, samples };
}
