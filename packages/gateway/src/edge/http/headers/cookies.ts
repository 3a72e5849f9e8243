/** Takes single cookies out of what a client sends: those that `hide` names as `cookie:<name>`. */
import type { Fields } from "../wire/fields.ts";

const MARK = "cookie:";

/** The Cookie line in their place, or "" when none is left; null: there is nothing to take out. */
export function withoutCookies(fields: Fields, hide: readonly string[]): string | null {
  const names = hide.filter((name) => name.startsWith(MARK)).map((name) => name.slice(MARK.length));
  if (names.length === 0 || hide.includes("cookie") || fields.get("cookie") === undefined) return null;
  const left = pairsOf(fields).filter((pair) => !names.includes(nameOf(pair)));
  return left.length === 0 ? "" : `Cookie: ${left.join("; ")}\r\n`;
}

// Private

function pairsOf(fields: Fields): string[] {
  return fields.all("cookie").flatMap((value) =>
    value
      .split(";")
      .map((pair) => pair.trim())
      .filter((pair) => pair !== ""),
  );
}

/** Names of cookies are compared in lower case: `hide` has them so. */
function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  return (equals === -1 ? pair : pair.slice(0, equals)).trim().toLowerCase();
}
