/** A dead letter as stored: the message's own fields and what was added when it died. Read leniently: others write here, too. */
import type { Keys } from "../keys.ts";
import { decode, decodeAttempts } from "../message/decode.ts";
import type { Message, Priority } from "../message/message.ts";
import type { Entry } from "../redis/shapes.ts";
import { timeOf } from "../message/entry-id.ts";
import type { DeadLetter, DeadLetterFilter } from "../views.ts";
import { DEAD_LETTER_FIELDS, isSignature, kindOf, type Kind } from "./kind.ts";

/** Null for what is no letter, such as the entry the earlier clients began the stream with. */
export function letterOf({ id, fields }: Entry, keys: Keys): DeadLetter | null {
  const stream = fields["original_stream"];
  if (stream === undefined) return null;
  const topic = keys.topicOf(stream) ?? stream;
  const originalId = fields["original_id"] ?? "0-0";
  return {
    id,
    topic,
    group: fields["group"] ?? "",
    originalStream: stream,
    originalId,
    consumer: fields["consumer"] ?? "",
    failedAt: Math.round(Number(fields["failed_at"]) * 1000) || timeOf(id),
    errorCode: fields["error_code"] ?? "",
    errorMessage: fields["error_message"] ?? "",
    errorStack: fields["error_stack"] === "" ? null : (fields["error_stack"] ?? null),
    attempts: decodeAttempts(fields["attempts"]),
    message: messageOf(original(fields), topic, stream, originalId),
    raw: fields,
  };
}

/** The kind it was indexed under. A letter of another program carries none; it always gets the same one. */
export function kindOfLetter(letter: DeadLetter): Kind {
  const kind = kindOf({ ...letter, eventType: typeOf(letter) });
  const carried = letter.raw["signature"];
  return letter.raw["attempts"] !== undefined && isSignature(carried) ? { ...kind, signature: carried } : kind;
}

/** What the index cannot answer is looked up in the letter itself. */
export function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const at = timeOf(letter.id);
  if (filter.from !== undefined && at < filter.from) return false;
  if (filter.to !== undefined && at > filter.to) return false;
  if (filter.topic !== undefined && letter.topic !== filter.topic) return false;
  if (filter.group !== undefined && letter.group !== filter.group) return false;
  if (filter.errorCode !== undefined && letter.errorCode !== filter.errorCode) return false;
  if (filter.eventType !== undefined && typeOf(letter) !== filter.eventType) return false;
  if (filter.signature !== undefined && kindOfLetter(letter).signature !== filter.signature) return false;
  return filter.text === undefined || says(letter, filter.text.toLowerCase());
}

/** The fields as they were before death. */
export function original(fields: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(fields).filter(([name]) => !ADDED.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name.startsWith("original.") ? name.slice(9) : name, value]));
}

/** Names that are taken away when a letter becomes a message again. */
export const ADDED: ReadonlySet<string> = new Set([...DEAD_LETTER_FIELDS, "failed_at"]);

// Private

function typeOf(letter: DeadLetter): string {
  return letter.message?.type ?? original(letter.raw)["event_type"] ?? "";
}

function says(letter: DeadLetter, text: string): boolean {
  if (letter.errorMessage.toLowerCase().includes(text)) return true;
  return (original(letter.raw)["data"] ?? "").toLowerCase().includes(text);
}

function messageOf(fields: Record<string, string>, topic: string, stream: string, entryId: string): Message | null {
  const suffix = stream.slice(stream.lastIndexOf(":") + 1);
  const lane: Priority = suffix === "critical" || suffix === "high" || suffix === "low" ? suffix : "normal";
  try {
    return decode(fields, { topic, stream, entryId, lane });
  } catch {
    return null;
  }
}
