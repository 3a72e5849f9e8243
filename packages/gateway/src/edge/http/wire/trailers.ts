/**
 * Fields after a chunked body. Whoever merges them into the header would take them for it, so nothing goes on that routes, frames, authenticates,
 * or says how to read the content (RFC 9110 6.5.1).
 */
import { EVERYTHING_SPECIAL, parseFields } from "./fields.ts";
import type { Fields } from "./fields.ts";

const MOST_FIELDS = 32;
const FORBIDDEN: readonly string[] = [
  "age",
  "cache-control",
  "content-encoding",
  "content-location",
  "content-range",
  "content-type",
  "date",
  "expires",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "location",
  "max-forwards",
  "pragma",
  "range",
  "retry-after",
  "set-cookie",
  "vary",
  "warning",
  "www-authenticate",
];

/** `text`: lines with their CRLF. Null where nothing is left. Throws HttpError. */
export function parseTrailers(text: string): Fields | null {
  if (text === "") return null;
  const allowed = parseFields(text, 0, MOST_FIELDS).without(EVERYTHING_SPECIAL, FORBIDDEN);
  return allowed === "" ? null : parseFields(allowed, 0, MOST_FIELDS);
}
