/** `tidegate alert rule`: show, change, switch, reset and try out rules. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  OPERATORS,
  SEVERITIES,
  type AlertPreviewAnswer,
  type AlertRule,
  type AlertRuleRequest,
  type AlertRulesAnswer,
} from "../contract.ts";
import { messageOf } from "../errors.ts";
import { conditionWords, FIRING_COLUMNS, RULE_COLUMNS } from "./alert-lines.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { parseData } from "./json-data.ts";
import { wholeNumber } from "./numbers.ts";
import { counted, facts, line, paint, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";

export function ruleCommand(): Command {
  const rule = new Command("rule").description("One rule: show, change, switch, try out.");
  rule.command("show").description("One rule.").argument("<rule>").action(show);
  withChanges(
    rule.command("set").description("Change a rule, or make one with --from. In force within a second.").argument("<rule>"),
  ).action(set);
  withChanges(
    rule
      .command("preview")
      .description("What a rule, perhaps changed, would have done in the last 24 hours. Keeps nothing.")
      .argument("<rule>"),
  ).action(preview);
  for (const [verb, words] of VERBS)
    rule
      .command(verb)
      .description(words)
      .argument("<rule>")
      .action((id: string, _: unknown, command: Command) => act(id, verb, command));
  rule.command("rm").description("Remove a rule that was made here.").argument("<rule>").action(remove);
  return rule;
}

export async function listRules(_: unknown, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH)) as AlertRulesAnswer;
  if (settingsOf(command).json) items.forEach(printJson);
  else table(items, RULE_COLUMNS);
}

// Private

const PATH = "/api/v1/alerts/rules";
const PREVIEW_LIMIT = 30_000;
const VERBS = [
  ["enable", "Switch a rule on."],
  ["disable", "Switch a rule off; what it has firing is resolved."],
  ["reset", "Bring a shipped rule back to how it came."],
] as const;

interface Changes {
  readonly from?: string;
  readonly name?: string;
  readonly severity?: AlertRule["severity"];
  readonly for?: number;
  readonly cooldown?: number;
  readonly window?: number;
  readonly count?: number;
  readonly op?: string;
  readonly value?: number;
  readonly destinations?: string;
}

function withChanges(command: Command): Command {
  return command
    .option("--from <file>", "the whole rule as JSON; - reads it from the input")
    .option("--name <name>", "what people see")
    .addOption(new Option("--severity <severity>").choices(SEVERITIES))
    .option("--for <seconds>", "must hold so long before it fires", wholeNumber(0, 86_400))
    .option("--cooldown <seconds>", "quiet after it resolved", wholeNumber(0, 604_800))
    .option("--window <seconds>", "time it looks at", wholeNumber(1, 604_800))
    .option("--count <n>", "entries within the window (event and log rules)", wholeNumber(1, 1_000_000))
    .addOption(new Option("--op <operator>", "comparison (metric rules)").choices(OPERATORS))
    .option("--value <number>", "limit (metric rules)", number)
    .option("--destinations <ids>", "only these, with commas; an empty text is all");
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const rule = await find(id);
  if (settingsOf(command).json) printJson(rule);
  else page(rule);
}

async function set(id: string, changes: Changes, command: Command): Promise<void> {
  const body = await changed(id, changes);
  const rule = (await askInstance(runningInstance(), one(id), { method: "PUT", body })) as AlertRule;
  if (settingsOf(command).json) return printJson(rule);
  line(`${paint("green", "✓")} saved`);
  page(rule);
}

async function preview(id: string, changes: Changes, command: Command): Promise<void> {
  const body = await changed(id, changes);
  const answer = (await askInstance(runningInstance(), `${PATH}/preview`, {
    method: "POST",
    body,
    limit: PREVIEW_LIMIT,
  })) as AlertPreviewAnswer;
  if (settingsOf(command).json) return printJson(answer);
  const { firings, limit } = answer;
  line(
    firings.length === 0
      ? "In the last 24 hours it would not have fired."
      : `In the last 24 hours it would have fired ${counted(firings.length, "time")}.`,
  );
  if (firings.length > 0) table(firings, FIRING_COLUMNS);
  if (limit !== null) line(paint("dim", limit));
}

async function act(id: string, verb: string, command: Command): Promise<void> {
  const rule = (await askInstance(runningInstance(), `${one(id)}/${verb}`, { method: "POST" })) as AlertRule;
  if (settingsOf(command).json) printJson(rule);
  else line(`${paint("green", "✓")} ${id} is ${verb === "reset" ? "as it came" : `${verb}d`}`);
}

async function remove(id: string, _: unknown, command: Command): Promise<void> {
  await askInstance(runningInstance(), one(id), { method: "DELETE" });
  if (settingsOf(command).json) printJson({ rule: id, removed: true });
  else line(`${paint("green", "✓")} removed ${id}`);
}

async function changed(id: string, changes: Changes): Promise<AlertRuleRequest> {
  const base = changes.from === undefined ? request(await find(id)) : readRule(changes.from, id);
  const { from: _, destinations, window, count, op, value, ...own } = changes;
  const condition = Object.entries({ window, count, op, value }).filter(([, given]) => given !== undefined);
  const ids = destinations === undefined ? {} : { destinations: destinations.split(",").filter((one) => one !== "") };
  return { ...base, ...own, ...ids, condition: { ...base.condition, ...Object.fromEntries(condition) } };
}

function request(rule: AlertRule): AlertRuleRequest {
  const { builtin: _, version: __, updated_at: ___, ...rest } = rule;
  return rest;
}

function readRule(file: string, id: string): AlertRuleRequest {
  const given = parseData(textOf(file));
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw usage(`${file} must hold one JSON object.`);
  return { ...request(given as AlertRule), id };
}

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw usage(`${file} cannot be read: ${messageOf(error)}`);
  }
}

async function find(id: string): Promise<AlertRule> {
  return (await askInstance(runningInstance(), one(id))) as AlertRule;
}

function page(rule: AlertRule): void {
  facts([
    ["rule", `${rule.id} – ${rule.name}`],
    ["on", rule.enabled ? "yes" : "no"],
    ["fires when", conditionWords(rule.condition)],
    ["for", `${rule.for} s`],
    ["severity", rule.severity],
    ...(rule.severities ?? []).map(
      ({ where, severity }) => ["", `${severity} when ${where.field} ${where.op} ${String(where.value)}`] as const,
    ),
    ["cooldown", `${rule.cooldown} s`],
    ["tells", rule.destinations.length === 0 ? "all destinations" : rule.destinations.join(", ")],
    ...(rule.advice === undefined ? [] : [["what to do", rule.advice] as const]),
  ]);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number.");
}

function one(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}
