/**
 * docs/reference/benchmarks.md, written from the saved runs in bench/results and the words in bench/page.md, and the table between two
 * marks of the README. Nobody types a figure: `npm run check` compares both with what this file would write.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { markdown, ratioRows, resultRows, shown, type Report } from "./report.ts";

const RESULTS = new URL("./results/", import.meta.url);
const PAGE = new URL("../docs/reference/benchmarks.md", import.meta.url);
const README = new URL("../README.md", import.meta.url);
const NAMES = ["streams", "latency", "memory", "telemetry", "store", "edge"] as const;

export async function saveResult(report: Report): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${report.name}.json`, RESULTS), `${JSON.stringify(report, null, 2)}\n`);
}

export async function writePages(): Promise<void> {
  for (const { file, wanted } of await composePages()) await writeFile(file, wanted);
}

/** Each file with what it should contain. */
export async function composePages(): Promise<{ file: URL; wanted: string }[]> {
  const readme = await readFile(README, "utf8");
  const table = readmeTable(await saved("streams"), await saved("latency"));
  return [
    { file: PAGE, wanted: await composePage() },
    { file: README, wanted: readme.replace(/(?<=<!-- measured -->\n\n)[^]*?(?=\n\n<!-- \/measured -->)/, () => table) },
  ];
}

// Private

/** The words, with each `<!-- result: name -->` replaced by that run's tables. */
async function composePage(): Promise<string> {
  let page = await readFile(new URL("./page.md", import.meta.url), "utf8");
  for (const name of NAMES) {
    const report = await saved(name);
    const section = report === null ? `Not measured yet: \`npm run bench -- ${name} --save\`.` : sectionOf(report);
    page = page.replace(`<!-- result: ${name} -->`, () => section);
  }
  return page;
}

/** What a reader wants to know first: ours, theirs, and the ratio. */
function readmeTable(streams: Report | null, latency: Report | null): string {
  const rows = [
    ...summary(streams, "publish", "publish, 1,000 in flight", "msg/s"),
    ...summary(streams, "consume", "consume and acknowledge, no-op handler", "msg/s"),
    ...summary(latency, "p99 at 1,000/s", "publish to handler at 1,000/s, p99", "ms"),
  ];
  return markdown(["work", "Tidegate", "BullMQ", "JetStream", "ours ÷ BullMQ", "ours ÷ JetStream"], rows);
}

function summary(report: Report | null, work: string, words: string, unit: string): string[][] {
  if (report === null) return [];
  const of = (peer: string): number => report.results.find((row) => row.work === work && row.peer === peer)!.value;
  const text = (value: number): string => `${shown(value)} ${unit}`;
  const [ours, bullmq, jetstream] = [of("tidegate"), of("bullmq"), of("jetstream")];
  return [[words, text(ours), text(bullmq), text(jetstream), (ours / bullmq).toFixed(2), (ours / jetstream).toFixed(2)]];
}

async function saved(name: string): Promise<Report | null> {
  const file = new URL(`${name}.json`, RESULTS);
  return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Report) : null;
}

function sectionOf(report: Report): string {
  const { busyBefore, ...machine } = report.machine;
  const facts = Object.entries(machine).map(([key, value]) => `${key} ${typeof value === "number" ? value.toLocaleString("en") : value}`);
  const parts = [
    `${facts.join(", ")}. ${Math.round(100 * Number(busyBefore ?? 0))} % of the machine was busy with other things before the run.`,
    markdown(["work", "peer", "median", "unit", "rounds", "CPU cores"], resultRows(report)),
  ];
  if (Object.keys(report.ratios).length > 0) parts.push(markdown(["ratio", "ours ÷ theirs"], ratioRows(report)));
  return parts.join("\n\n");
}
