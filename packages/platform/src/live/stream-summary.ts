/**
 * The library's view of topics as the API shows it. REST and the live sampler read it the same way, so they never disagree.
 */
import type { StreamInfo, Tide } from "@tidegate/streams";
import { TidegateError } from "@tidegate/streams";
import type { DeadLetterSummary, StreamSummary } from "../contract.ts";

export function summarise(info: StreamInfo): StreamSummary {
  return {
    stream: info.stream,
    length: info.length,
    entries_added: info.entriesAdded,
    first_entry: info.firstEntry,
    last_entry: info.lastEntry,
    groups: [...info.groups],
  };
}

/** Every topic of the namespace; one that vanishes while we look is left out. */
export async function readStreams(tide: Tide): Promise<Record<string, StreamSummary>> {
  const topics = await tide.topics();
  const found = await Promise.all(topics.map((topic) => readStream(tide, topic)));
  return Object.fromEntries(topics.flatMap((topic, index) => (found[index] ? [[topic, found[index]] as const] : [])));
}

export async function readDeadLetters(tide: Tide): Promise<DeadLetterSummary> {
  return { stream: `${tide.namespace}:dead_letter:events`, length: await tide.deadLetters.count() };
}

// Private

async function readStream(tide: Tide, topic: string): Promise<StreamSummary | null> {
  try {
    return summarise(await tide.streamInfo(topic));
  } catch (error) {
    if (error instanceof TidegateError && error.code === "UNKNOWN_TOPIC") return null;
    throw error;
  }
}
