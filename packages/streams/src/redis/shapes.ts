/** Replies of Redis as plain values. Everything that knows how a reply is nested lives here. */
import type { Reply } from "../store.ts";

export interface Entry {
  readonly id: string;
  readonly fields: Record<string, string>;
}

export function list(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** `[name, value, name, value]` as an object; a repeated name keeps its last value. */
export function record(reply: Reply | undefined): Record<string, string> {
  const flat = list(reply);
  if (isCompact(flat)) return new CompactFields(flat[1], flat[3], flat[5], flat[7]) as unknown as Record<string, string>;
  const result: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = String(flat[index]);
    if (name === "__proto__") keep(result, name, flat[index + 1] as string);
    else result[name] = flat[index + 1] as string;
  }
  return result;
}

/** Like `record`, but keeps nested replies. */
export function table(reply: Reply | undefined): Map<string, Reply> {
  const flat = list(reply);
  const result = new Map<string, Reply>();
  for (let index = 0; index + 1 < flat.length; index += 2) result.set(String(flat[index]), flat[index + 1] ?? null);
  return result;
}

export function entry(reply: Reply | undefined): Entry | null {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) return null;
  return { id: String(reply[0]), fields: record(reply[1]) };
}

export function entries(reply: Reply | undefined): Entry[] {
  const result: Entry[] = [];
  for (const one of list(reply)) {
    const parsed = entry(one);
    if (parsed !== null) result.push(parsed);
  }
  return result;
}

export function integer(reply: Reply | undefined): number {
  return reply === null || reply === undefined ? 0 : Number(reply);
}

/** An assignment would set the object's prototype, and the field would be gone. */
function keep(fields: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * What this library writes most, made in one piece. A class and no literal: V8 may decide to make a literal's objects old at once when many
 * of them live through a collection, as buffered ones do, and each dead old one would then keep its texts until a full collection.
 */
class CompactFields {
  readonly event_type: string;
  readonly service: string;
  readonly data: string;
  readonly message_id: string;

  constructor(type: string, service: string, data: string, messageId: string) {
    this.event_type = type;
    this.service = service;
    this.data = data;
    this.message_id = messageId;
  }
}

function isCompact(flat: readonly Reply[]): flat is string[] & { length: 8; 1: string; 3: string; 5: string; 7: string } {
  return flat.length === 8 && flat[0] === "event_type" && flat[2] === "service" && flat[4] === "data" && flat[6] === "message_id";
}
