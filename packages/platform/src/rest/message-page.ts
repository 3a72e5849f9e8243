/**
 * Pages of messages, newest first. Entries of different lanes may have the same id, so a cursor is an id and how many entries
 * of that id were shown: `1700000000000-0.1`.
 */
import type { Message, ReadOptions, Tide } from "@tidegate/streams";
import type { MessagesAnswer } from "../contract.ts";
import { Refusal } from "../auth/refusal.ts";

export interface PageRequest {
  topic: string;
  from?: string;
  to?: string;
  limit: number;
  cursor?: string;
}

export async function readPage(tide: Tide, request: PageRequest): Promise<MessagesAnswer> {
  const after = request.cursor === undefined ? null : parseCursor(request.cursor);
  const options = { reverse: true, limit: request.limit + 1 + (after?.shown ?? 0), ...range(request, after?.id) };
  const found: Message[] = await Array.fromAsync(tide.read(request.topic, options));
  const rest = after === null ? found : withoutShown(found, after);
  const items = rest.slice(0, request.limit);
  return { items, next: rest.length > items.length ? cursorAfter(items, after) : null };
}

// Private

interface Cursor {
  readonly id: string;
  readonly shown: number;
}

function range(request: PageRequest, cursorId: string | undefined): Pick<ReadOptions, "from" | "to"> {
  const to = cursorId ?? (request.to === undefined ? undefined : position("to", request.to));
  return {
    ...(request.from === undefined ? {} : { from: position("from", request.from) }),
    ...(to === undefined ? {} : { to }),
  };
}

/** An entry id, unix milliseconds or an ISO date. */
function position(name: string, value: string): string | Date {
  if (/^\d{1,16}-\d{1,19}$/.test(value)) return value;
  const date = new Date(/^\d+$/.test(value) ? Number(value) : value);
  if (!Number.isNaN(date.getTime())) return date;
  throw new Refusal(
    400,
    "INVALID_POSITION",
    `${name} is neither an entry id, unix milliseconds nor an ISO date: found "${value.slice(0, 60)}".`,
    {
      hint: `For example ${name}=2026-01-31T12:00:00Z or ${name}=1769860800000-0.`,
    },
  );
}

function parseCursor(text: string): Cursor {
  const match = /^(\d{1,16}-\d{1,19})\.(\d)$/.exec(text);
  if (match?.[1] !== undefined) return { id: match[1], shown: Number(match[2]) };
  throw new Refusal(400, "INVALID_REQUEST", "cursor is not one of ours.", {
    hint: "Give back `next` of the page before, unchanged, or leave it out.",
  });
}

function withoutShown(found: readonly Message[], after: Cursor): readonly Message[] {
  const same = found.findIndex((message) => message.entryId !== after.id);
  return found.slice(Math.min(after.shown, same === -1 ? found.length : same));
}

function cursorAfter(items: readonly Message[], before: Cursor | null): string {
  const id = items.at(-1)?.entryId ?? "";
  const shown = items.filter((message) => message.entryId === id).length;
  return `${id}.${shown + (before?.id === id ? before.shown : 0)}`;
}
