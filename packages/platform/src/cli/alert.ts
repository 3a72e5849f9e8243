/** `tidegate alert`: what fires, who has it, and quiet for a while. Asks the running instance. */
import { Command, Option } from "commander";
import { SEVERITIES, type Alert, type AlertsAnswer, type Severity } from "../contract.ts";
import { destinationCommand, listDestinations } from "./alert-destination.ts";
import { ALERT_COLUMNS, mark, PAST_COLUMNS } from "./alert-lines.ts";
import { listRules, ruleCommand } from "./alert-rule.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { ago, facts, line, paint, printable, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";

export function alertCommand(): Command {
  const alert = new Command("alert").description("What fires, who has it, and quiet for a while; rules and destinations.");
  alert
    .command("ls")
    .description("Pending and firing alerts, the most severe first.")
    .addOption(new Option("--state <state>", "only these").choices(["pending", "firing"]))
    .addOption(new Option("--fail-from <severity>", "exit code 7 when one of this severity or above fires").choices(SEVERITIES))
    .action(list);
  alert.command("show").description("One alert.").argument("<alert>", "<rule>:<subject>").action(show);
  alert
    .command("ack")
    .description("Somebody looks after it: it notifies no more, unless it becomes more severe.")
    .argument("<alert>", "<rule>:<subject>")
    .option("--undo", "take it back")
    .action(acknowledge);
  alert
    .command("mute")
    .description("Keep a rule, or one subject of it, from notifying. What still fires afterwards is told then.")
    .argument("<rule>")
    .argument("[subject]")
    .option("--minutes <n>", "for so long", wholeNumber(1, 43_200), 60)
    .action(mute);
  alert.command("unmute").description("End a mute.").argument("<rule>").argument("[subject]").action(unmute);
  alert
    .command("history")
    .description("What fired and resolved, newest first; kept for 30 days.")
    .option("--rule <rule>", "only this rule")
    .option("-n, --limit <n>", "so many", wholeNumber(1, 1_000), 50)
    .action(history);
  alert.command("rules").description("All rules.").action(listRules);
  alert.addCommand(ruleCommand());
  alert.command("destinations").description("Where alerts are sent, and whether it worked last.").action(listDestinations);
  alert.addCommand(destinationCommand());
  return alert;
}

// Private

const PATH = "/api/v1/alerts";

async function list(flags: { state?: string; failFrom?: Severity }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH, { query: { state: flags.state } })) as AlertsAnswer;
  const least = flags.failFrom === undefined ? Infinity : SEVERITIES.indexOf(flags.failFrom);
  if (items.some(({ state, severity }) => state === "firing" && SEVERITIES.indexOf(severity) >= least)) process.exitCode = 7;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line(`${paint("green", "●")} Nothing fires.`);
  table(items, ALERT_COLUMNS);
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const alert = (await askInstance(runningInstance(), one(id))) as Alert;
  if (settingsOf(command).json) printJson(alert);
  else page(alert);
}

async function acknowledge(id: string, { undo }: { undo?: boolean }, command: Command): Promise<void> {
  const alert = (await askInstance(runningInstance(), `${one(id)}/ack`, { method: undo === true ? "DELETE" : "POST" })) as Alert;
  if (settingsOf(command).json) return printJson(alert);
  done(undo === true ? `${id} is nobody's again` : `${id} is yours; it notifies no more, unless it becomes more severe`);
}

async function mute(rule: string, subject: string | undefined, { minutes }: { minutes: number }, command: Command): Promise<void> {
  const body = { rule, minutes, ...(subject === undefined ? {} : { subject }) };
  const answer = (await askInstance(runningInstance(), `${PATH}/mute`, { method: "POST", body })) as { until: number };
  if (settingsOf(command).json) return printJson({ ...body, ...answer });
  done(`${named(rule, subject)} is muted until ${new Date(answer.until).toISOString()}`);
}

async function unmute(rule: string, subject: string | undefined, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), `${PATH}/mute`, { method: "DELETE", query: { rule, subject } })) as {
    unmuted: boolean;
  };
  if (settingsOf(command).json) return printJson({ rule, ...answer });
  done(answer.unmuted ? `${named(rule, subject)} notifies again` : `${named(rule, subject)} was not muted`);
}

async function history({ limit, rule }: { limit: number; rule?: string }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), `${PATH}/history`, { query: { limit, rule } })) as AlertsAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("Nothing has fired yet.");
  table(items, PAST_COLUMNS);
}

function page(alert: Alert): void {
  line(`${mark(alert.severity)} ${paint("bold", printable(alert.name))} – ${alert.severity}, ${alert.state}`);
  line(printable(alert.summary));
  facts([
    ["alert", alert.id],
    ["since", `${new Date(alert.since).toISOString()} (${ago(alert.since)})`],
    ...when("resolved", alert.resolved_at),
    ...(alert.reason === null ? [] : [["because", alert.reason] as const]),
    ...(alert.acknowledged === null ? [] : [["has it", `${alert.acknowledged.by}, ${ago(alert.acknowledged.at)}`] as const]),
    ...when("muted until", alert.muted_until),
    ...(alert.trace === null ? [] : [["trace", `${alert.trace}   (tidegate trace show ${alert.trace})`] as const]),
    ...(alert.advice === null ? [] : [["what to do", alert.advice] as const]),
  ]);
}

function when(name: string, at: number | null): (readonly [string, string])[] {
  return at === null ? [] : [[name, `${new Date(at).toISOString()} (${ago(at)})`]];
}

function one(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

function named(rule: string, subject: string | undefined): string {
  return subject === undefined ? rule : `${rule}:${subject}`;
}

function done(words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
}
