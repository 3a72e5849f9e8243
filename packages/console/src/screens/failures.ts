/** Which dead letters the reader looks at: the filter in the address, as a query for REST and as the selection that is acted on. */
import type { DeadLetterGroup, DeadLetterSelection } from "tidegate/contract";

export const fields = ["topic", "group", "event_type", "error_code", "text"] as const;
export type Field = (typeof fields)[number];

export const ages = [
  { value: "", label: "any time", ms: null },
  { value: "1h", label: "the last hour", ms: 3_600_000 },
  { value: "24h", label: "the last day", ms: 86_400_000 },
  { value: "7d", label: "the last 7 days", ms: 604_800_000 },
] as const;

/** Null where nothing is filtered. `at` is the time "the last hour" counts from. */
export function selectionOf(query: URLSearchParams, at: number): DeadLetterSelection | null {
  const selection: DeadLetterSelection = {};
  for (const field of fields) {
    const value = query.get(field);
    if (value !== null && value !== "") selection[field] = value;
  }
  const age = ages.find(({ value }) => value !== "" && value === query.get("died"));
  if (age?.ms !== null && age !== undefined) selection.from = at - age.ms;
  return Object.keys(selection).length === 0 ? null : selection;
}

/** The selection as a query string's fields. */
export function queryFields(selection: DeadLetterSelection): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(selection)) if (typeof value === "string" || typeof value === "number") found[name] = value;
  return found;
}

/** One kind of failure, in words of its own besides the signature, so that a job made of it can be read. */
export function kindSelection({ topic, group, eventType, errorCode, signature }: DeadLetterGroup): DeadLetterSelection {
  const named = { topic, group, event_type: eventType, error_code: errorCode };
  return { ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== "")), signature };
}

/** What there is to choose from, sorted. */
export function choices<K extends string>(items: readonly Readonly<Record<K, string>>[], name: K): string[] {
  return [...new Set(items.map((item) => item[name]))].filter((value) => value !== "").toSorted();
}
