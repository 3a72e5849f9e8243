/** The entries a search finds, as a file of JSON lines: read page by page, so that neither side holds more than it needs. */
import type { LogEntry, LogsAnswer } from "tidegate/contract";
import { api } from "../../api.ts";

/** More is what `tidegate log search --json` is for. */
export const mostExported = 10_000;

export interface Exported {
  entries: number;
  /** There was more. */
  cut: boolean;
}

/** `path`: the search without limit and cursor. */
export async function exportLogs(path: string, fits: (entry: LogEntry) => boolean): Promise<Exported> {
  const lines: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null && lines.length < mostExported) {
    const answer: LogsAnswer = await api<LogsAnswer>(
      "GET",
      `${path}&limit=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    lines.push(...answer.logs.filter(fits).map((entry) => JSON.stringify(entry)));
    cursor = answer.next;
  }
  save(
    new Blob(
      lines.slice(0, mostExported).map((line) => `${line}\n`),
      { type: "application/x-ndjson" },
    ),
  );
  return { entries: Math.min(lines.length, mostExported), cut: cursor !== null || lines.length > mostExported };
}

function save(blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "logs.ndjson";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
