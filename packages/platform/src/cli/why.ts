/** `tidegate why`: a message, trace or URL in plain sentences. */
import { Command } from "commander";
import type { LogEntry, WhyAnswer } from "../contract.ts";
import { PlatformError } from "../errors.ts";
import { LogKeys } from "../processors/logs/log-keys.ts";
import { LogQueries } from "../processors/logs/logs.ts";
import { PlatformKeys } from "../redis/keys.ts";
import { why } from "../why/why.ts";
import { line, paint, printable, printJson } from "./output.ts";
import { explainUrl } from "./route-explain.ts";
import { openTide, settingsOf } from "./session.ts";

export function whyCommand(): Command {
  return new Command("why")
    .description("Why a message did not arrive, why a request failed: what happened, in sentences, and what to do next.")
    .argument("<id>", "message id, entry id, <stream>/<entry id>, a trace id, or a URL that is served here")
    .action(explain);
}

// Private

async function explain(id: string, _: unknown, command: Command): Promise<void> {
  if (/^https?:\/\//i.test(id)) return await explainUrl(id, {}, command);
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const keys = new PlatformKeys(tide.namespace, process.env["TELEMETRY_PREFIX"] ?? "");
  const queries = new LogQueries(tide.store("why"), new LogKeys(keys));
  const logs = async (trace: string): Promise<readonly LogEntry[]> => (await queries.search({ trace, hours: 48, limit: 500 })).logs;
  const answer = await why(id, { tide, logs });
  if (answer === null)
    throw new PlatformError("NOT_FOUND", `Nothing is known of ${id}.`, {
      hint: "Give a message id, an entry id or a trace id. What is older than the retention of messages, a week, or of traces, a day, is gone.",
    });
  if (settings.json) printJson(answer);
  else page(answer);
}

function page({ verdict, steps, next }: WhyAnswer): void {
  const worst = steps.some(({ level }) => level === "error") ? "red" : steps.some(({ level }) => level === "warn") ? "yellow" : "green";
  line(paint("bold", printable(verdict)));
  line("");
  for (const { at, text, level, message } of steps) {
    const mark = level === "error" ? paint("red", "✗") : level === "warn" ? paint("yellow", "!") : paint("dim", "·");
    const link = message === undefined ? "" : paint("dim", `  ${printable(message)}`);
    line(`${paint("dim", new Date(at).toISOString().slice(11, 23))} ${mark} ${printable(text)}${link}`);
  }
  if (next.length > 0) line(`\n${paint("dim", worst === "green" ? "More:" : "Next:")}`);
  for (const command of next) line(`  ${printable(command)}`);
}
