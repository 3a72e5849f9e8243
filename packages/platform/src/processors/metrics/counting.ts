/** What each entry of logs, events and aggregates adds to the figures. Requests are counted by `http_response` alone, so each counts once. */
import type { TelemetryRecord } from "@tidegate/streams";
import { recordOf } from "../pages.ts";
import type { StreamEntry } from "../processor.ts";
import { binOf } from "./histogram.ts";
import { ALL } from "./series-keys.ts";
import type { Subjects } from "./subjects.ts";
import type { Tally } from "./tally.ts";

/** Milliseconds; upper borders of the Prometheus histogram, beside infinity. */
export const DURATION_BORDERS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

/** An entry's own time is believed so far back; it waits in its program's buffer while Redis is away. In milliseconds. */
const BELIEVED = 3_600_000;
const DAY = 86_400;

export function countRecord(tally: Tally, subjects: Subjects, entry: StreamEntry): void {
  const record = recordOf(entry);
  const at = secondOf(entry.id, record.at);
  if (record.logType === "http_response") countResponse(tally, subjects, record, at);
  if (record.level === "error" || record.level === "critical") {
    const component = subjects.admit("log", record.component);
    tally.count("log", component, at, { n: 1 });
    tally.known("log", component, at);
    tally.total("errors", [component], 1);
  }
  if (record.eventType !== null) {
    const type = subjects.admit("event", record.eventType);
    tally.count("event", type, at, { n: 1 });
    tally.known("event", type, at);
    tally.total("events", [type], 1);
  }
}

/** Unix seconds of an entry: its own time, unless its program's clock goes wrong. */
export function secondOf(id: string, own: number): number {
  const written = Number.parseInt(id, 10);
  return (own <= written && own > written - BELIEVED ? own : written) / 1000;
}

// Private

function countResponse(tally: Tally, subjects: Subjects, { fields }: TelemetryRecord, at: number): void {
  const host = subjects.admit("http", typeof fields["host"] === "string" ? fields["host"].toLowerCase() : "");
  const status = Math.floor(amount(fields["status"]));
  const duration = fields["duration_ms"] === undefined ? null : amount(fields["duration_ms"]);
  const [i, o] = [Math.round(amount(fields["bytes_in"])), Math.round(amount(fields["bytes_out"]))];
  const us = Math.round((duration ?? 0) * 1000);
  const measures = { n: 1, e: status >= 500 ? 1 : 0, c: status >= 400 && status < 500 ? 1 : 0, i, o, us, t: duration === null ? 0 : 1 };
  for (const subject of [host, ALL]) {
    tally.count("http", subject, at, measures);
    if (duration !== null) tally.bin("http", subject, at, binOf(duration));
    countHour(tally, subject, at, { fields, status, duration, i, o });
  }
  tally.known("http", host, at);
  countTotals(tally, host, status, duration, measures);
}

interface Response {
  readonly fields: TelemetryRecord["fields"];
  readonly status: number;
  readonly duration: number | null;
  readonly i: number;
  readonly o: number;
}

/** The hash of the earlier systems, and the hour's visitors. */
function countHour(tally: Tally, host: string, at: number, { fields, status, duration, i, o }: Response): void {
  const hour = Math.floor(at / 3600);
  const [key, expires] = [tally.keys.hourly(host, hour), hour * 3600 + 7 * DAY];
  const add = (field: string, by: number): void => tally.add(key, expires, field, by);
  add("request_count", 1);
  if (status >= 500) add("error_count", 1);
  if (status >= 100 && status < 600) add(`status:${status}`, 1);
  if (i > 0) add("bytes_in", i);
  if (o > 0) add("bytes_out", o);
  if (duration !== null) {
    tally.most(key, expires, "response_time_max", duration);
    tally.least(key, expires, "response_time_min", duration);
  }
  if (typeof fields["ip"] === "string") tally.visitor(tally.keys.visitors(host, hour), hour * 3600 + 2 * DAY, fields["ip"]);
}

function countTotals(
  tally: Tally,
  host: string,
  status: number,
  duration: number | null,
  sums: { i: number; o: number; us: number },
): void {
  tally.total("requests", [host, status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "unknown"], 1);
  tally.total("bytes", [host, "in"], sums.i);
  tally.total("bytes", [host, "out"], sums.o);
  if (duration === null) return;
  const border = DURATION_BORDERS.findIndex((one) => duration <= one);
  tally.total("durations", [host, border === -1 ? "more" : String(DURATION_BORDERS[border])], 1);
  tally.total("durations", [host, "microseconds"], sums.us);
}

/** Of what other programs wrote: anything but a number above 0 counts as nothing. */
export function amount(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? Math.min(number, 1e12) : 0;
}
