/**
 * A query as the search needs it: the range, conditions the index knows, and a test for an entry that was read. The test covers every
 * condition, so what is answered never depends on the index being right, only how fast it is.
 */
import { LEVELS, type Level, type TelemetryRecord } from "@tidegate/streams";
import type { LogQuery } from "../../contract.ts";
import { SOURCES, type Source } from "./log-keys.ts";
import { bounded, levelOf, normal, termOf, type Field } from "./terms.ts";

/** Words of one field: these, or those that fit. */
export interface Alternative {
  readonly field: Field;
  readonly words: readonly string[] | ((word: string) => boolean);
}

/** One of them must match. */
export type Condition = readonly Alternative[];

export interface Plan {
  /** Unix ms, both inclusive, of the time an entry was stored. */
  readonly from: number;
  readonly to: number;
  readonly sources: readonly Source[];
  readonly conditions: readonly Condition[];
  /** One condition of one field says it all: what the index counts is exact. */
  readonly exact: boolean;
  readonly fits: (record: TelemetryRecord) => boolean;
}

export type Kind = "all" | "events" | "errors" | "warnings";

/** `kind`: what the earlier paths ask for beside the query; `warnings` includes answers from 400. */
export function planOf(query: LogQuery, kind: Kind, now: number): Plan {
  const conditions = conditionsOf(query, kind);
  const rests = restsOf(query);
  const to = query.to ?? now + SKEW;
  return {
    from: query.from ?? (query.to ?? now) - (query.hours ?? HOURS_DEFAULT) * 3_600_000,
    to,
    sources: SOURCES.filter((source) => canHold(source, query, kind)),
    conditions,
    exact: rests.length === 0 && conditions.length <= 1 && conditions.every((condition) => condition.length === 1),
    fits: (record) => conditions.every((condition) => meets(record, condition)) && rests.every((rest) => rest(record)),
  };
}

export const EVERYTHING: Readonly<Record<Source, Condition>> = {
  logs: [{ field: "level", words: LEVELS }],
  events: [{ field: "event", words: () => true }],
};

// Private

const HOURS_DEFAULT = 24;

/** The server's clock may be ahead of ours; without an end nothing new is to be missed. */
const SKEW = 60_000;

/** A class such as `5xx`; anything else is taken literally. */
const CLASS = /^[1-5]xx$/i;

function conditionsOf(query: LogQuery, kind: Kind): Condition[] {
  const found: Condition[] = [];
  const exactly = (field: Field, word: string | undefined): void => {
    if (word !== undefined) found.push([{ field, words: [normal(field, word)] }]);
  };
  exactly("ip", query.ip);
  exactly("host", query.host ?? query.hostname);
  exactly("client", query.client);
  exactly("user", query.user);
  exactly("method", query.method);
  exactly("component", query.component);
  exactly("trace", query.trace);
  if (query.path !== undefined && !query.path.endsWith("*")) exactly("path", query.path);
  if (query.level !== undefined) found.push([atLeast(query.level)]);
  if (query.event !== undefined) found.push([eventOf(query.event)]);
  const status = statusOf(query);
  if (status !== null) found.push([status]);
  if (kind === "errors" || kind === "warnings") found.push(troubles(kind));
  return found;
}

function atLeast(level: Level): Alternative {
  return { field: "level", words: LEVELS.slice(LEVELS.indexOf(level)) };
}

function eventOf(start: string): Alternative {
  return { field: "event", words: (word) => word.startsWith(start) };
}

function statusOf({ status, status_min: least, status_max: most }: LogQuery): Alternative | null {
  if (status === undefined && least === undefined && most === undefined) return null;
  if (status !== undefined && !CLASS.test(status) && least === undefined && most === undefined) return { field: "status", words: [status] };
  const named = (word: string): boolean =>
    status === undefined || word === status || (CLASS.test(status) && word.length === 3 && word[0] === status[0]);
  const words = (word: string): boolean => named(word) && Number(word) >= (least ?? 0) && Number(word) <= (most ?? 999);
  return { field: "status", words };
}

function troubles(kind: "errors" | "warnings"): Condition {
  const least = kind === "errors" ? 500 : 400;
  return [atLeast(kind === "errors" ? "error" : "warn"), { field: "status", words: (word) => Number(word) >= least }];
}

function restsOf(query: LogQuery): ((record: TelemetryRecord) => boolean)[] {
  const found: ((record: TelemetryRecord) => boolean)[] = [];
  const { path, q } = query;
  if (path?.endsWith("*") === true) found.push((record) => termOf(record, "path")?.startsWith(path.slice(0, -1)) ?? false);
  if (q !== undefined && q.trim() !== "") found.push(textTest(q.trim().toLowerCase()));
  return found;
}

/** In what a person sees of the entry; in its fields also as JSON spells it. */
function textTest(wanted: string): (record: TelemetryRecord) => boolean {
  const inJson = JSON.stringify(wanted).slice(1, -1);
  return ({ message, component, service, level, eventType, traceId, fields }) =>
    [message, component, service, level ?? "", eventType ?? "", traceId ?? ""].some((text) => text.toLowerCase().includes(wanted)) ||
    JSON.stringify(fields).toLowerCase().includes(inJson);
}

function canHold(source: Source, query: LogQuery, kind: Kind): boolean {
  if (source === "logs") return query.event === undefined && kind !== "events";
  return query.level === undefined && (kind === "all" || kind === "events");
}

function meets(record: TelemetryRecord, condition: Condition): boolean {
  return condition.some(({ field, words }) => {
    const word = field === "level" ? levelOf(record) : termOf(record, field);
    if (word === null) return false;
    return typeof words === "function" ? words(word) : words.includes(word);
  });
}

/** The index's words for these. */
export function indexWords(words: readonly string[]): string[] {
  return [...new Set(words.map(bounded))];
}
