/**
 * A batch of entries against the rules: which windows it fills and which it clears, in the order of the entries. What no rule looks for is
 * seen by its fields alone and not parsed. Pure.
 */
import { recordOf } from "../pages.ts";
import { LEVELS, type Level, type TelemetryRecord } from "@tidegate/streams";
import type { StreamEntry } from "../processor.ts";
import { bucketOf, latches, needed, signatureOf, type EntryRule, type Facts } from "./hits.ts";
import { atLeast, fieldOf, like, meets, severityOf, textOf } from "./matching.ts";

export interface Hit {
  readonly rule: EntryRule;
  readonly signature: string;
  readonly subject: string;
  /** Unix ms of the entry. */
  readonly at: number;
  /** Null: it clears. */
  readonly facts: Facts | null;
}

export class Matcher {
  readonly #rules: readonly { readonly rule: EntryRule; readonly signature: string }[];

  constructor(rules: readonly EntryRule[]) {
    this.#rules = rules.map((rule) => ({ rule, signature: signatureOf(rule.condition) }));
  }

  match(entries: readonly StreamEntry[]): Hit[] {
    const hits: Hit[] = [];
    for (const entry of entries) this.#matchOne(entry, hits);
    return hits;
  }

  // Private

  #matchOne(entry: StreamEntry, hits: Hit[]): void {
    let record: TelemetryRecord | undefined;
    for (const { rule, signature } of this.#rules) {
      if (!concerns(rule, entry.fields)) continue;
      record ??= recordOf(entry);
      const found = look(rule, record);
      if (found !== "nothing") hits.push({ rule, signature, subject: subjectOf(rule, record), at: record.at, facts: found });
    }
  }
}

/** For `hits.lua`: the hashes it writes, and its two arguments. Entries that follow each other in one window travel as one. */
export function movesOf(hits: readonly Hit[], keyOf: (rule: string, signature: string) => string): { keys: string[]; args: string[] } {
  const keys: string[] = [];
  const rules: object[] = [];
  const moves: Move[] = [];
  for (const hit of hits) {
    const key = keyOf(hit.rule.id, hit.signature);
    if (!keys.includes(key)) rules[keys.push(key) - 1] = limitsOf(hit.rule);
    addMove(moves, keys.indexOf(key) + 1, hit);
  }
  return { keys, args: [JSON.stringify(rules), JSON.stringify(moves)] };
}

// Private

type Move = [index: number, subject: string, bucket: number, at: number, entries?: number, facts?: Facts];

/** Subjects of a rule that are told apart. */
const MOST_SUBJECTS = 200;
const DAY = 86_400;
/** Characters of a subject and of a text: what a stranger wrote may be of any length. */
const LONGEST_SUBJECT = 200;
const LONGEST_TEXT = 300;

function limitsOf({ condition }: EntryRule): object {
  const latch = latches(condition);
  const ttl = latch ? Math.max(30 * DAY, 2 * condition.window) : Math.max(DAY, 2 * condition.window);
  return { w: condition.window * 1000, b: bucketOf(condition), n: needed(condition), latch, ttl, most: MOST_SUBJECTS };
}

function addMove(moves: Move[], index: number, { rule, subject, at, facts }: Hit): void {
  const size = bucketOf(rule.condition);
  const bucket = Math.floor(at / size) * size;
  if (facts === null) return void moves.push([index, subject, bucket, at]);
  const last = moves.at(-1);
  const same = last !== undefined && last[0] === index && last[1] === subject && last[2] === bucket && last[4] !== undefined;
  if (same) moves[moves.length - 1] = [index, subject, bucket, Math.max(at, last[3]), (last[4] ?? 0) + 1, facts];
  else moves.push([index, subject, bucket, at, 1, facts]);
}

function concerns({ condition }: EntryRule, fields: Readonly<Record<string, string>>): boolean {
  const type = fields["event_type"];
  if (condition.kind === "event")
    return type !== undefined && (like(condition.event).test(type) || condition.resolved_by?.includes(type) === true);
  if (type !== undefined || (condition.level !== undefined && !atLeast(levelOf(fields["level"]), condition.level))) return false;
  // Seen in the text, so that what is of another type need not be parsed.
  return condition.log_type === undefined || condition.log_type === "log" || fields["data"]?.includes(condition.log_type) === true;
}

function levelOf(text: string | undefined): Level | null {
  return LEVELS.find((level) => level === text?.toLowerCase()) ?? null;
}

function look(rule: EntryRule, record: TelemetryRecord): Facts | null | "nothing" {
  const { condition } = rule;
  const read = (field: string): unknown => fieldOf(record, field);
  if (condition.kind === "event" && condition.resolved_by?.some((type) => type === record.eventType) === true) return null;
  if (condition.kind === "log" && condition.log_type !== undefined && condition.log_type !== record.logType) return "nothing";
  if (condition.where?.every((where) => meets(read, where)) === false) return "nothing";
  return { text: wordsOf(record), trace: record.traceId, severity: severityOf(rule, read) };
}

function subjectOf({ condition }: EntryRule, record: TelemetryRecord): string {
  if (condition.by === undefined) return "*";
  const found = fieldOf(record, condition.by);
  return found === undefined || found === null || found === "" ? "(none)" : textOf(found).slice(0, LONGEST_SUBJECT);
}

/** One line of what happened. */
function wordsOf({ fields, message, logType, eventType }: TelemetryRecord): string {
  if (logType === "http_response") return http(fields).slice(0, LONGEST_TEXT);
  const words = [eventType === null ? message : "", ...EVENT_WORDS.map((name) => fields[name])].filter(Boolean);
  return (words.length === 0 ? message : words.map(shortOf).join("; ")).slice(0, LONGEST_TEXT);
}

const EVENT_WORDS = ["error", "detail", "domains"] as const;

/** Of an error as the logger stores it, what it says. */
function shortOf(value: unknown): string {
  const message = typeof value === "object" && value !== null ? (value as { message?: unknown }).message : undefined;
  return typeof message === "string" ? message : textOf(value);
}

function http(fields: Readonly<Record<string, unknown>>): string {
  const text = (name: string): string => (fields[name] === undefined ? "?" : textOf(fields[name]));
  return `${text("method")} ${text("path")} → ${text("status")} in ${Math.round(Number(fields["duration_ms"] ?? 0))} ms`;
}
