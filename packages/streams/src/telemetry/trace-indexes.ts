/** The indexes by which traces are found, and their names: the writer of spans and whoever asks must mean the same. */
import type { Attributes } from "./telemetry.ts";

/** Attributes by which traces are asked for; others are found too, by looking through spans. */
export const INDEXED_ATTRIBUTES: readonly string[] = ["host", "topic", "group", "message_id", "route", "user", "type"];

export const ALL_TRACES = "all";

export function componentIndex(component: string): string {
  return `component:${name(component)}`;
}

export function operationIndex(operation: string): string {
  return `operation:${name(operation)}`;
}

export function statusIndex(status: string): string {
  return `status:${status}`;
}

export function attributeIndex(attribute: string, value: unknown): string {
  return `attribute:${name(attribute)}:${name(String(value))}`;
}

/** Of one span; what is empty is asked for by nobody. */
export function indexesOf(component: string, operation: string, attributes: Attributes): string[] {
  const found = [componentIndex(component), operationIndex(operation)];
  for (const attribute of INDEXED_ATTRIBUTES) {
    const value = attributes[attribute];
    if (value !== undefined && value !== null && value !== "") found.push(attributeIndex(attribute, value));
  }
  return found;
}

// Private

/** Part of a key, and a line of a trace's list of them. */
function name(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.slice(0, 200).replace(/[\u0000-\u001f\u007f]/g, " ");
}
