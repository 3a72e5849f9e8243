/** How an assessment is shown: one line per kind of fault, its evidence and problems below it. */
import type { Assessment } from "./assess.ts";

type Column = readonly [title: string, value: (row: Assessment) => string];

export const COLUMNS: readonly Column[] = [
  ["fault", (row) => row.fault],
  ["strikes", (row) => String(row.strikes)],
  ["published", (row) => String(row.published)],
  ["confirmed", (row) => String(row.stored)],
  ["refused", (row) => String(row.refused)],
  ["unknown", (row) => String(row.unknown)],
  ["asked again", (row) => String(row.askedAgain)],
  ["effects", (row) => String(row.effects)],
  ["lost", (row) => String(row.lost)],
  ["allowed", (row) => (row.cell.lost === "none" ? "0" : `${row.allowed} ${row.cell.lost}`)],
  ["unexpected", (row) => String(row.unexpected)],
  ["duplicates", (row) => String(row.duplicates)],
  ["in flight", (row) => String(row.inFlight)],
  ["fenced", (row) => String(row.fenced)],
  ["first effect", (row) => ms(row.recovery.firstEffect)],
  ["everyone", (row) => ms(row.recovery.everyone)],
  ["lag 0", (row) => ms(row.recovery.lagZero)],
  ["verdict", (row) => (row.problems.length === 0 ? "kept" : "BROKEN")],
];

export function line(row: Assessment): string {
  const [[, name], ...rest] = COLUMNS as [Column, ...Column[]];
  return `${name(row)}: ${rest.map(([title, value]) => `${title} ${value(row)}`).join(", ")}`;
}

// Private

function ms(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "never" : `${Math.round(value)} ms`;
}
