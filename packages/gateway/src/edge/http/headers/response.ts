/** What a client gets of an upstream's head: all but what is of the hop or ours to say. Framing and Connection are written by `Conversation.begin`. */
import type { Plan } from "../plan.ts";
import { HOP_BY_HOP, type Fields } from "../wire/fields.ts";
import { customResponseLines } from "./custom.ts";

/** Alt-Svc would send the client past this door. */
const OURS: readonly string[] = ["alt-svc", "x-trace-id"];

/** Lines with CRLF each. */
export function responseFields({ target, record, limits }: Plan, { fields }: { readonly fields: Fields }): string {
  const { names, text } = customResponseLines(target);
  const kept = fields.without(HOP_BY_HOP, names.length === 0 ? OURS : OURS.concat(names));
  return `${kept}${limits}Via: 1.1 tidegate\r\nX-Trace-Id: ${record.traceId}\r\n${text}`;
}
