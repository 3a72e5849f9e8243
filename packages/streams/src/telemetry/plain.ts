/** What stands for an object of a class in a log entry: what it says of itself, or its own properties. */

import { inspect, types } from "node:util";

/** Elements of a collection looked at; an entry has no room for more. */
const MOST = 4_096;

/** The object itself when its own properties are what there is to say. May throw whatever the object's own code throws. */
export function plainOf(value: object): unknown {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams) return pairs(value);
  if (value instanceof Set) return elements(value);
  if (value instanceof RegExp) return String(value);
  if (types.isBoxedPrimitive(value)) return (value as { valueOf(): unknown }).valueOf();
  if ("toJSON" in value && typeof value.toJSON === "function") return value.toJSON() as unknown;
  return value;
}

// Private

function pairs(entries: Iterable<readonly [unknown, unknown]>): object {
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let count = 0;
  for (const [key, value] of entries) {
    if (count++ === MOST) break;
    found[typeof key === "string" ? key : inspect(key, { depth: 0 })] = value;
  }
  return found;
}

function elements(values: Iterable<unknown>): unknown[] {
  const found: unknown[] = [];
  for (const value of values) if (found.push(value) === MOST) break;
  return found;
}
