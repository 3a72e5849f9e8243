/** Where a page ended, as text for the next request: the entry it stopped at. Whatever comes or goes, that place stays. */
import { nextId } from "./entry-ids.ts";
import type { Source } from "./log-keys.ts";

export interface Place {
  readonly source: Source;
  readonly id: string;
}

export function cursorOf({ source, id }: Place): string {
  return `1${source[0]}${id}`;
}

/** Null for text that is no cursor. */
export function placeOf(cursor: string): Place | null {
  const found = /^1([le])(\d{1,15}-\d{1,20})$/.exec(cursor);
  return found?.[2] === undefined ? null : { source: found[1] === "l" ? "logs" : "events", id: found[2] };
}

/** Below which id the rest of a stream begins; of two entries with the same id the log comes before the event. */
export function restBelow({ source, id }: Place, of: Source): string {
  return source === "logs" && of === "events" ? nextId(id) : id;
}
