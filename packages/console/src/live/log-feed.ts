/** Entries of a query as they are written, for as long as a screen shows them. */
import { useEffect } from "preact/hooks";
import type { LogEntry, LogQuery } from "tidegate/contract";
import { feed } from "./feed.ts";

/** Null follows nothing. */
export function useLogFeed(query: LogQuery | null, onEntries: (entries: readonly LogEntry[]) => void): void {
  const asked = query === null ? null : JSON.stringify(query);
  useEffect(() => {
    if (query === null) return;
    return feed.followLogs({ query, onLogs: (logs) => onEntries(logs.items), onProblem: () => undefined });
  }, [asked]);
}
