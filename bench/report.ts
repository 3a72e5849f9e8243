/** How a run is shown to people (a table) and to programs (one line of JSON). Pure, except for asking what machine this is. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem, type } from "node:os";
import { natsVersion } from "./nats.ts";

export interface Row {
  readonly work: string;
  readonly peer: string;
  readonly value: number;
  readonly unit: "msg/s" | "ms" | "MB" | "µs" | "entries/s" | "requests/s" | "operations/s";
  /** What each round measured, in order; the value is their median. */
  readonly rounds: readonly number[];
  /** CPU seconds the measured process used per wall second, where it is ours to measure. */
  readonly cpu?: number;
}

export interface Report {
  readonly name: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly results: readonly Row[];
  readonly ratios: Readonly<Record<string, number>>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `ours ÷ theirs` of two rows of one work, or of our row of another work. */
export function ratio(results: readonly Row[], work: string, peer: string, ourWork: string = work): number {
  const of = (wanted: string, name: string): number => results.find((row) => row.work === wanted && row.peer === name)!.value;
  return Number((of(ourWork, "tidegate") / of(work, peer)).toFixed(3));
}

export function resultRows(report: Report): string[][] {
  return report.results.map((row) => [
    row.work,
    row.peer,
    shown(row.value),
    row.unit,
    row.rounds.map(shown).join(" "),
    row.cpu?.toFixed(2) ?? "",
  ]);
}

export function ratioRows(report: Report): string[][] {
  return Object.entries(report.ratios).map(([key, value]) => [key, value.toFixed(2)]);
}

export function table(report: Report): string {
  const machine = Object.entries(report.machine).map(([key, value]) => `${key} ${value}`);
  return [
    `${report.name}: ${machine.join(", ")}`,
    "",
    markdown(["work", "peer", "median", "unit", "rounds", "CPU cores"], resultRows(report)),
    "",
    markdown(["ratio", "ours ÷ theirs"], ratioRows(report)),
    "",
  ].join("\n");
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

export function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}

export function jsonLine(report: Report): string {
  return JSON.stringify(report);
}

export function describeMachine(): Record<string, string | number> {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.versions.node,
    redis: /v=(\S+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1] ?? "unknown",
    nats: natsVersion(),
    ...Object.fromEntries(
      ["bullmq", "ioredis", "@redis/client"].map((name) => [name === "@redis/client" ? "node-redis" : name, versionOf(name)]),
    ),
  };
}

// Private

function versionOf(peer: string): string {
  const manifest = new URL(`./node_modules/${peer}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
