/** Checks and defaults of what a caller of `consume()` and `messages()` may say. */
import { TidegateError } from "../errors.ts";
import { checkGroup, checkTopic } from "../keys.ts";
import type { GroupOptions } from "../consuming.ts";

export function topicsOf(topics: string | readonly string[]): string[] {
  const names = typeof topics === "string" ? [topics] : [...new Set(topics)];
  if (names.length === 0) throw new TidegateError("INVALID_TOPIC", "At least one topic is needed.");
  return names.map(checkTopic);
}

export function groupOf(options: GroupOptions, topics: readonly string[]): string {
  return checkGroup(options.group ?? `${topics[0] ?? ""}_processors`);
}

export function nameOf(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, "-")
      .slice(0, 48) || "consumer"
  );
}

export function atLeast(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw new TidegateError("INVALID_CONFIG", `${name} must be a number of at least ${least}, found ${value}.`);
}
