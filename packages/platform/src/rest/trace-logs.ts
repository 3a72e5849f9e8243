/** Log entries of a trace. A trace is worth showing without them, so a log index that does not run is no error here. */
import type { LogEntry } from "../contract.ts";
import type { Observation } from "../processors/compose.ts";

const MOST = 500;
/** A trace lives a day; its entries may be older than the last day when it was long. */
const HOURS = 48;

export async function logsOfTrace(observation: Observation, trace: string): Promise<readonly LogEntry[]> {
  try {
    return (await observation.logs.search({ trace, hours: HOURS, limit: MOST })).logs;
  } catch {
    return [];
  }
}
