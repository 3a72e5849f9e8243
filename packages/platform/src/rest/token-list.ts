/** The list of tokens for people and spreadsheets, at the earlier systems' path. */
import type { TokenAnswer } from "../gateway-contract.ts";

export const FORMATS = ["table", "json", "csv"] as const;
export type Format = (typeof FORMATS)[number];

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  table: "text/plain; charset=utf-8",
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};

export type TextColumn<T> = readonly [title: string, value: (row: T) => string];

export function formatted(tokens: readonly TokenAnswer[], format: Format): string {
  return asText(tokens, COLUMNS, format);
}

export function asText<T>(items: readonly T[], columns: readonly TextColumn<T>[], format: Format): string {
  if (format === "json") return JSON.stringify({ items });
  const rows = [columns.map(([title]) => title), ...items.map((item) => columns.map(([, value]) => value(item)))];
  return format === "csv" ? rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("") : aligned(rows);
}

/** RFC 4180. What a spreadsheet would take for a formula is made text by an apostrophe (OWASP: CSV injection). */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// Private

const COLUMNS: readonly TextColumn<TokenAnswer>[] = [
  ["name", ({ name }) => name],
  ["email", ({ email }) => email ?? ""],
  ["scopes", ({ scopes }) => scopes.join(" ")],
  ["state", ({ state }) => state],
  ["created_at", ({ created_at }) => time(created_at)],
  ["created_by", ({ created_by }) => created_by],
  ["expires_at", ({ expires_at }) => time(expires_at)],
  ["last_used_at", ({ last_used_at }) => time(last_used_at)],
  ["hint", ({ hint }) => hint],
];

function time(at: number | null): string {
  return at === null ? "" : new Date(at).toISOString();
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
