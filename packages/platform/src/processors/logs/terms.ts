/** What an entry can be found by. The same words are made of an entry when it is indexed and of a query when it is asked. */
import { createHash } from "node:crypto";
import { LEVELS, type Level, type TelemetryRecord } from "@tidegate/streams";

export const FIELDS = ["ip", "host", "client", "user", "status", "method", "path", "level", "component", "trace", "event"] as const;
export type Field = (typeof FIELDS)[number];

/** Null where the entry has none. Whole: `bounded` makes the index's word of it. */
export function termOf(record: TelemetryRecord, field: Field): string | null {
  const word = TERMS[field](record);
  return word === null || word === "" ? null : normal(field, word);
}

/** As `termOf` would spell it. */
export function normal(field: Field, word: string): string {
  return CASELESS.has(field) ? word.toLowerCase() : word;
}

/** A word of at most 160 characters; a longer one keeps its beginning and a digest of the whole. */
export function bounded(word: string): string {
  const whole = word.toWellFormed();
  if (whole.length <= MOST) return whole;
  return `${whole.slice(0, MOST - 20).toWellFormed()}~${createHash("sha1").update(whole).digest("hex").slice(0, 16)}`;
}

/** Foreign words for levels are read as ours; unknown ones as `info`. */
export function levelOf(record: TelemetryRecord): Level | null {
  if (record.level === null) return null;
  const word = record.level.toLowerCase();
  return ALIASES[word] ?? LEVELS.find((level) => level === word) ?? "info";
}

/** A text or number among the fields, by the first of its names that is there. */
export function fieldOf(record: TelemetryRecord, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = record.fields[name];
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  return null;
}

// Private

const MOST = 160;
const CASELESS: ReadonlySet<Field> = new Set(["ip", "host", "method"]);
const ALIASES: Readonly<Record<string, Level>> = { warning: "warn", fatal: "critical" };

/** The second names are those of the earlier systems' entries. */
const TERMS: Readonly<Record<Field, (record: TelemetryRecord) => string | null>> = {
  ip: (record) => fieldOf(record, "ip", "client_ip"),
  host: (record) => fieldOf(record, "host", "hostname", "proxy_hostname"),
  client: (record) => fieldOf(record, "client", "client_id"),
  user: (record) => fieldOf(record, "user", "actor", "auth_user"),
  status: (record) => fieldOf(record, "status", "status_code"),
  method: (record) => fieldOf(record, "method"),
  path: (record) => fieldOf(record, "path"),
  level: levelOf,
  component: (record) => record.component,
  trace: (record) => record.traceId,
  event: (record) => record.eventType,
};
