/** `tidegate config export` and `import`: everything that is stored as one file, and back. */
import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import type { ConfigImportAnswer } from "../contract.ts";
import { messageOf } from "../errors.ts";
import { printPlan, sum } from "./config-lines.ts";
import { confirm } from "./confirm.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { counted, line, paint, printable, printJson } from "./output.ts";
import { settingsOf } from "./session.ts";

export function exportCommand(): Command {
  return new Command("export")
    .description("Write everything that is stored as one file; secrets stay encrypted, tokens are hashes.")
    .argument("[file]", "default: standard output")
    .action(exportAll);
}

export function importCommand(): Command {
  return new Command("import")
    .description("Bring in an export. It needs the TIDEGATE_ENCRYPTION_KEY it was made with.")
    .argument("<file>", "- for standard input")
    .option("--dry-run", "only say what would happen")
    .option("--replace", "remove what the file does not have, running services as well")
    .option("-y, --yes", "do not ask before something is removed")
    .action(importAll);
}

// Private

interface Flags {
  readonly dryRun?: boolean;
  readonly replace?: boolean;
  readonly yes?: boolean;
}

/** Milliseconds; a large file takes its time. */
const LIMIT = 60_000;

async function exportAll(path: string | undefined, _: unknown, command: Command): Promise<void> {
  const file = (await askInstance(runningInstance(), "/api/v1/config/export", { limit: LIMIT })) as { entities: Record<string, object> };
  const content = `${JSON.stringify(file, null, 2)}\n`;
  if (path === undefined) return void process.stdout.write(content);
  await write(path, content);
  const count = Object.values(file.entities).reduce((total, named) => total + Object.keys(named).length, 0);
  if (settingsOf(command).json) return printJson({ file: path, entities: count });
  line(
    `${paint("green", "✓")} ${counted(count, "thing")} written to ${printable(path)}; keep TIDEGATE_ENCRYPTION_KEY or the file encryption-key with it`,
  );
}

async function importAll(path: string, { dryRun = false, replace = false, yes }: Flags, command: Command): Promise<void> {
  const body = parse(await read(path), path);
  const plan = await send(body, { dry_run: true, replace });
  const removed = Object.values(plan.kinds).reduce((total, kind) => total + kind.removed.length, 0);
  if (!dryRun && removed > 0) await confirm(`remove ${counted(removed, "thing")} that the file does not have`, yes);
  const answer = dryRun || sum(plan.kinds) === 0 ? plan : await send(body, { dry_run: false, replace });
  if (answer.problems.length > 0) process.exitCode = 1;
  if (settingsOf(command).json) printJson(answer);
  else printPlan(answer);
}

async function send(body: unknown, query: { dry_run: boolean; replace: boolean }): Promise<ConfigImportAnswer> {
  return (await askInstance(runningInstance(), "/api/v1/config/import", {
    method: "POST",
    query,
    body,
    limit: LIMIT,
  })) as ConfigImportAnswer;
}

/** For its owner only, and never half a file under the name of a whole one. */
async function write(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw usage(`${path} cannot be written: ${messageOf(error)}`);
  }
}

async function read(path: string): Promise<string> {
  try {
    return path === "-" ? await text(process.stdin) : await readFile(path, "utf8");
  } catch (error) {
    throw usage(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function parse(content: string, path: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw usage(`${path} is not JSON: ${messageOf(error)}`, "Make one with: tidegate config export <file>");
  }
}
