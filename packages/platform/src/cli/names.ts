/** Checks the topic and group somebody typed against what exists, and says what was probably meant. */
import { TidegateError, type ErrorCode, type GroupInfo, type Tide } from "@tidegate/streams";
import { nearest } from "./nearest.ts";

export async function requireTopic(tide: Tide, topic: string): Promise<void> {
  const topics = await tide.topics();
  if (!topics.includes(topic))
    throw unknown("UNKNOWN_TOPIC", `There is no topic "${topic}" in ${tide.namespace}.`, topic, topics, "topics");
}

export async function requireGroup(tide: Tide, topic: string, group: string): Promise<GroupInfo> {
  await requireTopic(tide, topic);
  const groups = await tide.groups.list(topic);
  const found = groups.find((candidate) => candidate.group === group);
  if (found !== undefined) return found;
  throw unknown(
    "UNKNOWN_GROUP",
    `The topic "${topic}" has no group "${group}".`,
    group,
    groups.map((candidate) => candidate.group),
    "groups",
  );
}

export function unknown(code: ErrorCode, message: string, typed: string, existing: readonly string[], plural: string): TidegateError {
  return new TidegateError(code, message, { hint: suggestion(typed, existing, plural) });
}

// Private

const LISTED = 12;

function suggestion(typed: string, existing: readonly string[], plural: string): string {
  const meant = nearest(typed, existing);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  if (existing.length === 0)
    return `There are no ${plural} yet. Publish something first: tidegate publish <topic> <type> '{"some":"data"}'`;
  const rest = existing.length > LISTED ? `, and ${existing.length - LISTED} more` : "";
  return `Existing ${plural}: ${existing.slice(0, LISTED).join(", ")}${rest}`;
}
