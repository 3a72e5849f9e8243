/** An entry as one line for a person. */
import type { LogEntry } from "../contract.ts";
import { paint, printable } from "./output.ts";

export function logLine(entry: LogEntry): string {
  const word = entry.eventType === null ? (entry.level ?? "") : "event";
  const rest = factsOf(entry);
  return [
    paint("dim", timeOf(entry.at)),
    paint(COLOURS[word] ?? "dim", printable(word.toUpperCase().padEnd(8))),
    paint("cyan", printable(entry.component)),
    printable(headOf(entry)),
    ...(rest === "" ? [] : [paint("dim", printable(rest))]),
  ].join(" ");
}

// Private

const COLOURS: Readonly<Record<string, Parameters<typeof paint>[0]>> = {
  trace: "gray",
  debug: "gray",
  info: "green",
  warn: "yellow",
  error: "red",
  critical: ["bold", "red"],
  event: "magenta",
};

/** Of a value; the whole entry is there with `--json`. */
const MOST = 120;
/** Said by the line's head already. */
const IN_HEAD = new Set(["method", "path", "host", "status", "duration_ms", "user_agent", "bytes_in", "bytes_out", "route"]);

function headOf({ logType, eventType, message, fields }: LogEntry): string {
  if (eventType !== null) return eventType;
  if (logType !== "http_response") return message;
  const milliseconds = Number(fields["duration_ms"]);
  const took = Number.isFinite(milliseconds) ? ` ${milliseconds.toFixed(1)} ms` : "";
  return `${textOf(fields["method"])} ${textOf(fields["host"])}${textOf(fields["path"])} ${textOf(fields["status"])}${took}`;
}

function factsOf({ logType, fields, traceId }: LogEntry): string {
  const shown = Object.entries(fields).filter(([name]) => logType !== "http_response" || !IN_HEAD.has(name));
  const facts = shown.map(([name, value]) => `${name}=${shortened(textOf(value))}`);
  if (traceId !== null) facts.push(`trace=${traceId}`);
  return facts.join(" ");
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  // An error, as the logger stores it.
  if (typeof value === "object" && "message" in value && "name" in value) return `${textOf(value.name)}: ${textOf(value.message)}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shortened(text: string): string {
  const spaced = /\s/.test(text) ? JSON.stringify(text) : text;
  return spaced.length > MOST ? `${spaced.slice(0, MOST)}…` : spaced;
}

/** UTC, as everywhere. */
function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, 23).replace("T", " ");
}
