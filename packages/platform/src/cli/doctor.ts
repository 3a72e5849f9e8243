/** `tidegate doctor`: looks at this machine, the running instance and Redis, and says how to mend what is wrong. */
import { Command } from "commander";
import { examine } from "../doctor/examine.ts";
import type { CheckResult } from "../doctor/check.ts";
import { counted, line, paint, printJson, printable } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Check this machine, the running instance and Redis. Exit code 7 if something fails.")
    .option("--deep", "also send a message through a throw-away topic")
    .action(doctor);
}

// Private

async function doctor(flags: { deep?: boolean }, command: Command): Promise<void> {
  const settings = settingsOf(command);
  const results: CheckResult[] = [];
  for await (const result of examine(() => openTide(settings), flags.deep === true)) {
    results.push(result);
    if (settings.json) printJson(result);
    else show(result);
  }
  if (!settings.json) conclude(results);
  if (results.some((result) => result.status === "fail")) process.exitCode = 7;
}

function show(result: CheckResult): void {
  const sign = { ok: paint("green", "✓"), warn: paint("yellow", "!"), fail: paint("red", "✗") }[result.status];
  line(`${sign} ${result.name.padEnd(18)} ${printable(result.found)}`);
  if (result.fix !== undefined) line(`  ${"".padEnd(18)} ${paint("dim", "→")} ${printable(result.fix)}`);
}

function conclude(results: readonly CheckResult[]): void {
  const of = (status: CheckResult["status"]): number => results.filter((result) => result.status === status).length;
  if (of("fail") + of("warn") === 0) return line("\nAll is well.");
  line(`\n${counted(of("fail"), "problem")}, ${counted(of("warn"), "warning")}.`);
}
