/** The long run over all kinds: reads its command line, runs what can be run here, and says what could not. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Assessment } from "./assess.ts";
import { FAULTS } from "./catalogue.ts";
import type { Fault } from "./fault.ts";
import { page } from "./page.ts";
import { line } from "./row.ts";
import { runFault } from "./run.ts";
import { Seed } from "./seed.ts";

const PAGE = new URL("../../docs/reference/faults.md", import.meta.url);

/** Answers the exit code. */
export async function runKinds(args: readonly string[], report: (text: string) => void): Promise<number> {
  const { seed, faults, minutes, write } = choices(args);
  report(`seed ${seed} (repeat with --seed ${seed}), ${faults.length} kinds${minutes === 0 ? "" : `, ${minutes} minutes`}`);
  const problems: string[] = [];
  const rows: Assessment[] = [];
  for (const fault of faults) {
    const row = await one(fault, { seed, minutes: minutes / faults.length, report }, problems);
    if (row !== null) rows.push(row);
  }
  report("");
  for (const problem of problems) report(`faults: FAILED  ${problem}`);
  report(problems.length === 0 ? "faults: passed" : `faults: ${problems.length} problems`);
  if (write && problems.length === 0) writeFileSync(PAGE, page(seed, rows));
  return problems.length === 0 ? 0 : 1;
}

// Private

interface Choices {
  readonly seed: number;
  readonly minutes: number;
  readonly faults: readonly Fault[];
  /** Write docs/reference/faults.md from this run. */
  readonly write: boolean;
}

function choices(args: readonly string[]): Choices {
  const text = { type: "string" } as const;
  const options = { seed: text, only: { ...text, multiple: true }, minutes: text, page: { type: "boolean" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const only = values.only?.flatMap((name) => name.split(","));
  const faults = FAULTS.filter((fault) => only === undefined || only.includes(fault.name));
  if (only !== undefined && faults.length !== only.length)
    throw new Error(`--only ${only.join(",")}: the kinds are ${FAULTS.map((fault) => fault.name).join(", ")}.`);
  const seed = whole("--seed", values.seed) ?? Seed.fromEnvironment().value;
  return { seed, minutes: whole("--minutes", values.minutes) ?? 0, faults, write: values.page === true };
}

function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value);
  throw new Error(`${name} must be a whole number, found ${value}.`);
}

async function one(
  fault: Fault,
  plan: { seed: number; minutes: number; report: (text: string) => void },
  problems: string[],
): Promise<Assessment | null> {
  const missing = fault.missing?.() ?? null;
  if (missing !== null) {
    plan.report(`${fault.name}: NOT RUN (${missing})`);
    if (process.env["CI"] === "true") problems.push(`${fault.name} did not run: ${missing}`);
    return null;
  }
  try {
    const row = await runFault(fault, { ...plan, strikes: 3, gap: 600 });
    for (const text of [line(row), ...row.evidence.map((evidence) => `  ${evidence}`)]) plan.report(text);
    problems.push(...row.problems.map((problem) => `${fault.name}: ${problem}`));
    return row;
  } catch (error) {
    problems.push(`${fault.name}: ${(error as Error).stack ?? String(error)}`);
    return null;
  }
}
