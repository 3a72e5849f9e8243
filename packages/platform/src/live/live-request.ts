/** What a client may ask on the live channel, checked. */
import { z } from "zod";
import type { LiveRequest } from "../contract.ts";

const schema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("subscribe"), topic: z.string().min(1).max(64) }),
  z.strictObject({ type: z.literal("unsubscribe"), topic: z.string().min(1).max(64) }),
]);

/** The request, or what is wrong with it. */
export function parseLiveRequest(text: string): LiveRequest | { problem: string; code: string } {
  const asked = schema.safeParse(parseJson(text));
  if (asked.success) return asked.data;
  return { code: "INVALID_REQUEST", problem: 'Send {"type":"subscribe","topic":"…"} or {"type":"unsubscribe","topic":"…"} as JSON text.' };
}

// Private

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
