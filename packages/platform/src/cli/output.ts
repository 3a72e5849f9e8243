/**
 * What commands print: tables for people, JSON lines for programs. Text that came from a message may hold terminal commands,
 * so every control character is escaped; nothing a stranger published can move the cursor or hide a line.
 */
import { styleText } from "node:util";

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number;
  readonly right?: boolean;
}

type Style = Parameters<typeof styleText>[0];

export function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  line(JSON.stringify(value));
}

/** Honours NO_COLOR, `--no-color` and a stdout that is no terminal. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** A table cut to the terminal's width; without a terminal tab-separated rows, whole, with the same header. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): void {
  const cells = rows.map((row) => columns.map((column) => printable(String(column.value(row)))));
  const titles = columns.map((column) => column.title);
  if (!process.stdout.isTTY) return [titles, ...cells].forEach((row) => line(row.join("\t")));
  const widths = titles.map((title, index) => Math.max(title.length, ...cells.map((row) => (row[index] ?? "").length)));
  const draw = (row: readonly string[]): string =>
    cut(
      row
        .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.right))
        .join("  ")
        .trimEnd(),
    );
  line(paint("dim", draw(titles)));
  for (const row of cells) line(draw(row));
}

/** One fact per line, names aligned. */
export function facts(pairs: readonly (readonly [string, string | number])[]): void {
  const width = Math.max(...pairs.map(([name]) => name.length));
  for (const [name, value] of pairs) line(`${paint("dim", name.padEnd(width))}  ${printable(String(value))}`);
}

/** C0, C1, DEL and the characters that turn the direction of text become visible escapes; `allowed` ones stay. */
export function printable(text: string, allowed = ""): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (found) =>
    allowed.includes(found) ? found : (SHORT[found] ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** `3 s`, `12 min`, `5 h`, `2 d`: the largest unit that fits. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${Math.floor(milliseconds / 1000)} s`;
  if (milliseconds < 3_600_000) return `${Math.floor(milliseconds / 60_000)} min`;
  return milliseconds < 86_400_000 ? `${Math.floor(milliseconds / 3_600_000)} h` : `${Math.floor(milliseconds / 86_400_000)} d`;
}

export function ago(time: number, now: number = Date.now()): string {
  return time > now ? `in ${duration(time - now)}` : `${duration(now - time)} ago`;
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 dead letter`, `3 dead letters`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

// Private

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

function pad(cell: string, width: number, right = false): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

function cut(text: string): string {
  const width = process.stdout.columns ?? 80;
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}
