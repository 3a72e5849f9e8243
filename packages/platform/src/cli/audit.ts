/** `tidegate audit`: who did what, newest first. Asks the running instance. */
import { Command, Option } from "commander";
import type { AuditAnswer, AuditEntry } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { ago, line, printJson, table, type Column } from "./output.ts";
import { settingsOf } from "./session.ts";

interface Flags {
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly result?: string;
  readonly limit: number;
}

export function auditCommand(): Command {
  return new Command("audit")
    .description("Who did what, newest first; also what was denied and what failed.")
    .option("--actor <name>", "only of this token or session")
    .option("--action <verb>", "only this, e.g. replayed, deleted, signed_in")
    .option("--resource <beginning>", "only of what begins so, e.g. groups/orders")
    .addOption(new Option("--result <result>", "only these").choices(["done", "denied", "failed"]))
    .option("--limit <n>", "entries", wholeNumber(1, 1000), 50)
    .action(audit);
}

// Private

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "WHEN", value: ({ at }) => ago(at) },
  { title: "ACTOR", value: ({ actor }) => actor },
  { title: "ACTION", value: ({ action }) => action },
  { title: "RESOURCE", value: ({ resource }) => resource },
  { title: "RESULT", value: ({ result }) => result },
  { title: "TRACE", value: ({ trace }) => trace ?? "-" },
];

async function audit({ actor, action, resource, result, limit }: Flags, command: Command): Promise<void> {
  const query = { actor, action, resource, result, limit };
  const { items } = (await askInstance(runningInstance(), "/api/v1/audit", { query })) as AuditAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("Nothing. What changes something through the console or the API is written down here.");
  table(items, COLUMNS);
}
