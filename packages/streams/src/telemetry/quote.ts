/** Texts as JSON and as a terminal may show them: nothing of them can end a line, move a cursor or turn the direction of writing. */

/** As `JSON.stringify`, but DEL, the C1 controls and the line separators are escaped as well, so that stored JSON may be printed as it is. */
export function quote(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(UNSEEN, escape);
}

/** In one line, for people. */
export function visible(text: string): string {
  return text.replace(CONTROL, (char) => SHORT[char] ?? escape(char));
}

// Private

/** Lone surrogates as well: they are no text. */
const NEEDS_ESCAPE = /["\\\p{Cc}\u2028\u2029\ud800-\udfff]/u;
const UNSEEN = /[\u007f-\u009f\u2028\u2029]/g;
/** Besides control characters those that change the direction of writing: https://trojansource.codes/ */
const CONTROL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
