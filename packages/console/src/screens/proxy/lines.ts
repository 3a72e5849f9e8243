/** Lists and headers as lines of a text field, and back. Pure. */

/** One a line, or with commas. */
export function listOf(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

export function linesOf(list: readonly string[]): string {
  return list.join("\n");
}

/** `X-Frame-Options: DENY` a line; without a value the header is taken out. Null: a line has no name. */
export function headersOf(text: string): Record<string, string | null> | null {
  const headers: Record<string, string | null> = {};
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line === "") continue;
    const [, name = "", value = ""] = /^([^:\s]+)\s*(?::\s*(.*))?$/.exec(line) ?? [];
    if (name === "") return null;
    headers[name] = value === "" ? null : value;
  }
  return headers;
}

export function headerLines(headers: Readonly<Record<string, string | null>>): string {
  return Object.entries(headers)
    .map(([name, value]) => (value === null ? `${name}:` : `${name}: ${value}`))
    .join("\n");
}
