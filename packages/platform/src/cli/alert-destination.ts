/** `tidegate alert destination`: where alerts are sent. What is secret is better given as `@file`: a command line is seen by others. */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { SEVERITIES, type AlertDestination, type AlertDestinationsAnswer, type AlertTestAnswer, type Severity } from "../contract.ts";
import { messageOf, PlatformError } from "../errors.ts";
import { DESTINATION_COLUMNS } from "./alert-lines.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { line, paint, printable, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";

export function destinationCommand(): Command {
  const destination = new Command("destination").description("Where alerts are sent: add, remove, test.");
  destination
    .command("add")
    .description("Add or replace a destination. URLs and the secret may be @file, which reads them from there.")
    .argument("<id>")
    .option("--webhook <url>", "POST of JSON")
    .option("--secret <secret>", "signs what the webhook gets")
    .option("--slack <url>", "Slack's incoming webhook, or what understands the same")
    .option("--email <address...>", "e-mail to these")
    .option("--from <address>", "sender of the e-mail")
    .option("--smtp <url>", "smtp://user:password@host:587 or smtps://…:465")
    .addOption(new Option("--min-severity <severity>", "only from this severity on").choices(SEVERITIES).default("low"))
    .option("--allow-private", "its address may be of this machine or a private network")
    .option("--disabled", "keep it, but send nothing")
    .action(add);
  destination.command("rm").description("Remove a destination.").argument("<id>").action(remove);
  destination
    .command("test")
    .description("Send one notification now and say what happened. Exit code 1 when it did not arrive.")
    .argument("<id>")
    .action(test);
  return destination;
}

export async function listDestinations(_: unknown, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH)) as AlertDestinationsAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("Nobody is told of alerts yet. Add one: tidegate alert destination add ops --webhook https://…");
  table(items, DESTINATION_COLUMNS);
}

// Private

const PATH = "/api/v1/alerts/destinations";
/** A mail server may take its time. */
const TEST_LIMIT = 45_000;

interface Flags {
  readonly webhook?: string;
  readonly secret?: string;
  readonly slack?: string;
  readonly email?: readonly string[];
  readonly from?: string;
  readonly smtp?: string;
  readonly minSeverity: Severity;
  readonly allowPrivate?: boolean;
  readonly disabled?: boolean;
}

async function add(id: string, flags: Flags, command: Command): Promise<void> {
  const body = destinationOf(id, flags);
  const saved = (await askInstance(runningInstance(), one(id), { method: "PUT", body })) as AlertDestination;
  if (settingsOf(command).json) printJson(saved);
  else line(`${paint("green", "✓")} saved; try it: tidegate alert destination test ${id}`);
}

async function remove(id: string, _: unknown, command: Command): Promise<void> {
  await askInstance(runningInstance(), one(id), { method: "DELETE" });
  if (settingsOf(command).json) printJson({ destination: id, removed: true });
  else line(`${paint("green", "✓")} removed ${id}`);
}

async function test(id: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), `${one(id)}/test`, { method: "POST", limit: TEST_LIMIT })) as AlertTestAnswer;
  if (!answer.ok) process.exitCode = 1;
  if (settingsOf(command).json) return printJson({ destination: id, ...answer });
  line(`${answer.ok ? paint("green", "✓") : paint("red", "✗")} ${printable(answer.detail)}, after ${answer.ms} ms`);
}

function destinationOf(id: string, flags: Flags): AlertDestination {
  const { webhook, slack, email, from, smtp, secret } = flags;
  if ([webhook, slack, email].filter((given) => given !== undefined).length !== 1)
    throw usage(
      "Give one of --webhook, --slack and --email.",
      "For example: tidegate alert destination add ops --webhook https://example.org/hook",
    );
  const common = {
    id,
    enabled: flags.disabled !== true,
    min_severity: flags.minSeverity,
    ...(flags.allowPrivate === true ? { allow_private: true } : {}),
  };
  if (webhook !== undefined)
    return { ...common, kind: "webhook", url: fromFile(webhook), ...(secret === undefined ? {} : { secret: fromFile(secret) }) };
  if (slack !== undefined) return { ...common, kind: "slack", url: fromFile(slack) };
  if (from === undefined || smtp === undefined)
    throw usage("E-mail needs --from and --smtp as well.", "--from tidegate@example.org --smtp @smtp-url");
  return { ...common, kind: "email", to: [...(email ?? [])], from, smtp: fromFile(smtp) };
}

function fromFile(value: string): string {
  if (!value.startsWith("@")) return value;
  try {
    return readFileSync(value.slice(1), "utf8").trim();
  } catch (error) {
    throw new PlatformError("USAGE", `${value.slice(1)} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function one(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}
