/** The live table of topics as text. Pure. */
import type { TopicRow } from "./channel.ts";

const HEAD = ["topic", "messages", "rate/s", "lag", "retrying", "dead"] as const;

/** One line per topic below a head; `width` is the terminal's, lines are cut to it so that each stays one line. */
export function tableLines(rows: readonly TopicRow[], width: number): string[] {
  const cells = rows.map((row) => [
    row.topic,
    whole(row.messages),
    row.rate.toFixed(1),
    whole(row.lag),
    whole(row.retrying),
    whole(row.dead),
  ]);
  const all = [HEAD as readonly string[], ...cells];
  const widths = HEAD.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all.map((line) =>
    `  ${line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join("   ")}`.slice(0, Math.max(20, width - 1)),
  );
}

// Private

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function whole(value: number): string {
  return value.toLocaleString("en-US");
}
