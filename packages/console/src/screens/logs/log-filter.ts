/**
 * The query bar's language: words, `field:value`, `field:"two words"`, and `-` before either to leave out. Pure. The server is asked for what
 * it has an index for; other fields and everything left out are judged here, on the entries that came.
 */
import type { LogEntry, LogQuery } from "tidegate/contract";

export interface Term {
  /** `text` for a word to be left out. */
  field: string;
  value: string;
  exclude: boolean;
}

export interface LogFilter {
  terms: readonly Term[];
  /** The words, as one search text. */
  text: string;
}

/** Fields the server looks up itself. */
const indexed = ["level", "component", "host", "ip", "user", "client", "status", "method", "path", "trace", "event"] as const;
const token = /(-?)(?:([A-Za-z_][\w.@-]*):)?(?:"((?:\\.|[^"\\])*)"|(\S+))/g;

export function parseFilter(text: string): LogFilter {
  const terms: Term[] = [];
  const words: string[] = [];
  for (const [whole, minus, field, quoted, bare] of text.matchAll(token)) {
    const value = quoted === undefined ? (bare ?? "") : quoted.replaceAll(/\\(.)/g, "$1");
    if (field !== undefined && value !== "" && !value.startsWith("//")) terms.push({ field, value, exclude: minus === "-" });
    else if (minus === "-" && field === undefined) terms.push({ field: "text", value, exclude: true });
    else words.push(field === undefined ? value : whole);
  }
  return { terms, text: words.join(" ") };
}

export function writeFilter({ terms, text }: LogFilter): string {
  const words = text.split(" ").map((word) => (/^-|^[A-Za-z_][\w.@-]*:|"/.test(word) ? quote(word) : word));
  const bare = terms.map((t) => `${t.exclude ? "-" : ""}${t.field === "text" && t.exclude ? "" : `${t.field}:`}${quoteSpaced(t.value)}`);
  return [...bare, ...words].filter((part) => part !== "").join(" ");
}

/** A term takes the place of its opposite, and an included one that of an earlier value the server could not ask for as well. */
export function withTerm(filter: LogFilter, term: Term): LogFilter {
  const rest = filter.terms.filter((t) => {
    if (t.field !== term.field) return true;
    if (t.value === term.value) return false;
    return term.exclude || t.exclude || !isIndexed(t.field);
  });
  return { ...filter, terms: [...rest, term] };
}

export function withoutTerm(filter: LogFilter, term: Term): LogFilter {
  return { ...filter, terms: filter.terms.filter((t) => t !== term) };
}

/** What the server is asked. An entry holds the value of a field it has no index for somewhere in its text, so that narrows the search. */
export function queryOfFilter(filter: LogFilter): LogQuery {
  const query: Record<string, string> = {};
  for (const { field, value, exclude } of filter.terms) if (!exclude && isIndexed(field)) query[field] = value;
  const first = filter.terms.find((t) => !t.exclude && !isIndexed(t.field));
  const text = filter.text || first?.value;
  if (text !== undefined && text !== "") query["q"] = text;
  return query;
}

/** Judges what the server was not asked. */
export function fits(entry: LogEntry, filter: LogFilter): boolean {
  return filter.terms.every((term) => {
    if (term.exclude) return !holds(entry, term);
    return isIndexed(term.field) || holds(entry, term);
  });
}

/** Whether anything is left to judge here. */
export function judgesHere(filter: LogFilter): boolean {
  return filter.terms.some((t) => t.exclude || !isIndexed(t.field));
}

/** A field of an entry as the filter names it. */
function valueOf(entry: LogEntry, field: string): unknown {
  const own: Record<string, unknown> = {
    level: entry.level,
    component: entry.component,
    service: entry.service,
    event: entry.eventType,
    trace: entry.traceId,
    message: entry.message,
  };
  if (Object.hasOwn(own, field)) return own[field];
  if (Object.hasOwn(entry.fields, field)) return entry.fields[field];
  return field.split(".").reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), entry.fields);
}

function holds(entry: LogEntry, { field, value }: Term): boolean {
  if (field === "text") return JSON.stringify(entry).toLowerCase().includes(value.toLowerCase());
  const found = valueOf(entry, field);
  if (found === undefined || found === null) return false;
  const text = typeof found === "string" ? found : JSON.stringify(found);
  if (field === "status" && /^\dxx$/.test(value)) return text.startsWith(value.charAt(0));
  if (value.endsWith("*")) return text.startsWith(value.slice(0, -1));
  return text === value;
}

function isIndexed(field: string): boolean {
  return (indexed as readonly string[]).includes(field);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function quoteSpaced(value: string): string {
  return /[\s"]/.test(value) || value === "" ? quote(value) : value;
}

function quote(value: string): string {
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
