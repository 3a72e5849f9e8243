/**
 * One benchmark by name: `node --conditions=@tidegate/source bench/run.ts <streams|latency> [--json] [--rounds N]`.
 * Progress goes to stderr; stdout gets a table and, as its last line, one JSON object. `--json` leaves the table out.
 */
import { parseArgs } from "node:util";
import { measureLatency } from "./latency.ts";
import { jsonLine, table, type Report } from "./report.ts";
import { busyShare, NOISY } from "./noise.ts";
import { progress } from "./server.ts";
import { measureStreams } from "./streams.ts";

const benchmarks: Readonly<Record<string, (rounds: number) => Promise<Report>>> = {
  streams: measureStreams,
  latency: measureLatency,
};

const { name, rounds, json } = readArguments();
const busyBefore = await busyShare(1_000);
if (busyBefore > NOISY)
  progress(
    `Other programs use ${Math.round(100 * busyBefore)} % of this machine, and peers suffer unequally. Repeat on a quiet machine before quoting.`,
  );
const measured = await benchmarks[name]!(rounds);
const report = { ...measured, machine: { ...measured.machine, busyBefore } };
if (!json) process.stdout.write(`${table(report)}\n`);
process.stdout.write(`${jsonLine(report)}\n`);

// Private

function readArguments(): { name: string; rounds: number; json: boolean } {
  try {
    const options = { json: { type: "boolean" }, rounds: { type: "string", default: "3" } } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    return { name: checkName(positionals), rounds: checkRounds(values.rounds), json: values.json === true };
  } catch (error) {
    process.stderr.write(
      `${(error as Error).message}\nUsage: npm run bench -- <${Object.keys(benchmarks).join("|")}> [--json] [--rounds 3]\n`,
    );
    process.exit(2);
  }
}

function checkName(positionals: readonly string[]): string {
  const name = positionals[0] ?? "";
  if (Object.hasOwn(benchmarks, name) && positionals.length === 1) return name;
  throw new Error(`Name one benchmark: ${Object.keys(benchmarks).join(" or ")}; found "${positionals.join(" ")}".`);
}

function checkRounds(text: string): number {
  if (/^[3-9]$/.test(text)) return Number(text);
  throw new Error(`--rounds is a number from 3 to 9 (a median needs at least 3), found "${text}".`);
}
