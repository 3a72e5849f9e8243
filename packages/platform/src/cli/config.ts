/** `tidegate config`: everything that is stored as one file and back; what was changed, and back to how it was. Asks the running instance. */
import { Command } from "commander";
import type { RevisionsAnswer, RollbackAnswer } from "../contract.ts";
import { KINDS, REVISION_COLUMNS } from "./config-lines.ts";
import { exportCommand, importCommand } from "./config-transfer.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { callLong, newTrace } from "./long-call.ts";
import { wholeNumber } from "./numbers.ts";
import { line, paint, printable, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";

export function configCommand(): Command {
  const config = new Command("config").description("Everything that is stored: export, import, history, and back to an earlier version.");
  config.addCommand(exportCommand());
  config.addCommand(importCommand());
  config
    .command("history")
    .description("What was changed, newest first: everything, of one kind, or one thing with its versions.")
    .argument("[kind]", KINDS.join(", "))
    .argument("[name]")
    .option("-n, --limit <n>", "so many", wholeNumber(1, 1_000), 50)
    .action(history);
  config
    .command("rollback")
    .description("Make one thing what it was at an earlier version. A service is deployed; what was deleted comes back.")
    .argument("<kind>", KINDS.join(", "))
    .argument("<name>")
    .argument("<version>", "as `config history` shows it", wholeNumber(1))
    .action(rollback);
  return config;
}

// Private

const PATH = "/api/v1/revisions";

async function history(kind: string | undefined, name: string | undefined, { limit }: { limit: number }, command: Command): Promise<void> {
  const path = kind === undefined || name === undefined ? PATH : one(kind, name);
  const query = name === undefined ? { kind, limit } : {};
  const { items } = (await askInstance(runningInstance(), path, { query })) as RevisionsAnswer;
  const shown = items.slice(0, limit);
  if (settingsOf(command).json) return shown.forEach(printJson);
  if (shown.length === 0) return line(name === undefined ? "Nothing was changed yet." : "No versions of it are kept.");
  table(shown, REVISION_COLUMNS);
  if (name !== undefined && process.stdout.isTTY) line(`Back to one: tidegate config rollback ${kind ?? ""} ${printable(name)} <version>`);
}

async function rollback(kind: string, name: string, version: number, _: unknown, command: Command): Promise<void> {
  const call = { method: "POST", path: `${one(kind, name)}/rollback`, body: { version } };
  const answer = (await callLong(runningInstance(), call, newTrace(), new AbortController().signal)) as RollbackAnswer;
  if (settingsOf(command).json) return printJson(answer);
  line(`${paint("green", "✓")} ${printable(`${kind} ${name} is as it was at version ${version}; it has version ${answer.version} now`)}`);
}

function one(kind: string, name: string): string {
  return `${PATH}/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
}
