/** Why did this message not arrive, why did this request fail: gathers what is known of an id and explains it. Reads only. */
import type { Tide } from "@tidegate/streams";
import type { LogEntry, WhyAnswer } from "../contract.ts";
import { messageStory } from "./message-story.ts";
import { logsStory, traceStory } from "./trace-story.ts";

export interface WhySources {
  readonly tide: Tide;
  /** Entries that carry a trace's id; empty where nobody can say. */
  readonly logs: (traceId: string) => Promise<readonly LogEntry[]>;
}

/** A message id, an entry id, `<stream>/<entry id>`, or a trace id of 32 hex digits. Null when nothing is known of it. */
export async function why(id: string, sources: WhySources): Promise<WhyAnswer | null> {
  return isTraceId(id) ? await whyTrace(id.toLowerCase(), sources) : await whyMessage(id, sources);
}

export function isTraceId(id: string): boolean {
  return /^[0-9a-f]{32}$/i.test(id);
}

// Private

async function whyTrace(id: string, { tide, logs }: WhySources): Promise<WhyAnswer | null> {
  const [trace, entries] = await Promise.all([tide.traces.get(id), logs(id)]);
  if (trace !== null) return traceStory(trace, entries, Date.now());
  return entries.length === 0 ? null : logsStory(id, entries);
}

async function whyMessage(id: string, { tide, logs }: WhySources): Promise<WhyAnswer | null> {
  const history = await tide.history(id);
  if (history === null) return null;
  const { topic, traceId } = history;
  const [groups, trace, entries] = await Promise.all([
    tide.groups.list(topic),
    traceId === null ? null : tide.traces.get(traceId),
    traceId === null ? [] : logs(traceId),
  ]);
  return messageStory({ history, groups, trace, logs: entries, now: Date.now() });
}
