/**
 * docs/reference/benchmarks.md, written from the saved runs in bench/results and the words in bench/page.md. Nobody types a figure:
 * `npm run check` compares the page with what this file would write.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { markdown, ratioRows, resultRows, type Report } from "./report.ts";

const RESULTS = new URL("./results/", import.meta.url);
const PAGE = new URL("../docs/reference/benchmarks.md", import.meta.url);
const NAMES = ["streams", "latency", "memory"] as const;

export async function saveResult(report: Report): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${report.name}.json`, RESULTS), `${JSON.stringify(report, null, 2)}\n`);
}

export async function writePage(): Promise<void> {
  await writeFile(PAGE, await composePage());
}

/** The page as it should be: the words, with each `<!-- result: name -->` replaced by that run's tables. */
export async function composePage(): Promise<string> {
  let page = await readFile(new URL("./page.md", import.meta.url), "utf8");
  for (const name of NAMES) {
    const report = await saved(name);
    const section = report === null ? `Not measured yet: \`npm run bench -- ${name} --save\`.` : sectionOf(report);
    page = page.replace(`<!-- result: ${name} -->`, () => section);
  }
  return page;
}

// Private

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
