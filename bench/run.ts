/**
 * One benchmark by name: `node --conditions=@tidegate/source bench/run.ts <streams|latency|memory|telemetry|store|edge> [--json] [--rounds N] [--save]`.
 * Progress goes to stderr; stdout gets a table and, as its last line, one JSON object. `--json` leaves the table out,
 * `--save` keeps the run in bench/results and writes docs/reference/benchmarks.md and the table of the README anew from what is there.
 */
import { parseArgs } from "node:util";
import { measureEdge } from "./edge.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { jsonLine, table, type Report } from "./report.ts";
import { busyShare, NOISY } from "./noise.ts";
import { saveResult, writePages } from "./page.ts";
import { progress } from "./server.ts";
import { measureStore } from "./store.ts";
import { measureStreams } from "./streams.ts";
import { measureTelemetry } from "./telemetry.ts";

const benchmarks: Readonly<Record<string, (rounds: number, minutes: number) => Promise<Report>>> = {
  streams: measureStreams,
  latency: measureLatency,
  memory: measureMemory,
  telemetry: measureTelemetry,
  store: measureStore,
  edge: measureEdge,
};

const { name, rounds, minutes, json, save } = readArguments();
const busyBefore = await busyShare(1_000);
if (busyBefore > NOISY)
  progress(
    `Other programs use ${Math.round(100 * busyBefore)} % of this machine, and peers suffer unequally. Repeat on a quiet machine before quoting.`,
  );
const measured = await benchmarks[name]!(rounds, minutes);
const report = { ...measured, machine: { ...measured.machine, busyBefore } };
if (save) {
  await saveResult(report);
  await writePages();
  progress("docs/reference/benchmarks.md and README.md have the new figures.");
}
if (!json) process.stdout.write(`${table(report)}\n`);
process.stdout.write(`${jsonLine(report)}\n`);

// Private

interface Arguments {
  readonly name: string;
  readonly rounds: number;
  readonly minutes: number;
  readonly json: boolean;
  readonly save: boolean;
}

function readArguments(): Arguments {
  try {
    const options = {
      json: { type: "boolean" },
      save: { type: "boolean" },
      rounds: { type: "string", default: "5" },
      minutes: { type: "string", default: "3" },
    } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    return {
      name: checkName(positionals),
      rounds: checkNumber("rounds", values.rounds, 3, 9, "a median needs at least 3"),
      minutes: checkNumber("minutes", values.minutes, 1, 60, "of load for memory"),
      json: values.json === true,
      save: values.save === true,
    };
  } catch (error) {
    process.stderr.write(
      `${(error as Error).message}\nUsage: npm run bench -- <${Object.keys(benchmarks).join("|")}> [--json] [--rounds 5] [--minutes 3] [--save]\n`,
    );
    process.exit(2);
  }
}

function checkName(positionals: readonly string[]): string {
  const name = positionals[0] ?? "";
  if (Object.hasOwn(benchmarks, name) && positionals.length === 1) return name;
  throw new Error(`Name one benchmark: ${Object.keys(benchmarks).join(" or ")}; found "${positionals.join(" ")}".`);
}

function checkNumber(flag: string, text: string, least: number, most: number, why: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${flag} is a whole number from ${least} to ${most} (${why}), found "${text}".`);
}
