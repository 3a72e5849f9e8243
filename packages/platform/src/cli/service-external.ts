/** `tidegate service register|unregister|external`: names for services that run elsewhere. */
import { Command } from "commander";
import type { ExternalServiceAnswer, ExternalServicesAnswer } from "../contract.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { ago, facts, line, paint, printable, printJson, table, type Column } from "./output.ts";
import { settingsOf } from "./session.ts";

export function addExternal(service: Command): void {
  service
    .command("register")
    .description("Give a URL elsewhere a name.")
    .argument("<name>")
    .argument("<url>", "http:// or https://")
    .option("--description <text>", "for people")
    .action(register);
  service
    .command("unregister")
    .description("Forget an external service.")
    .argument("<name>")
    .option("--force", "also while host names or routes lead to it")
    .action(unregister);
  const external = new Command("external").description("External services: list, show, change.");
  external.command("ls").description("All of them.").action(list);
  external.command("show").description("One of them.").argument("<name>").action(show);
  external
    .command("set")
    .description("Change its URL or description.")
    .argument("<name>")
    .option("--target <url>", "new URL")
    .option("--description <text>", "for people")
    .action(change);
  service.addCommand(external);
}

// Private

const PATH = "/api/v1/services/external";

const COLUMNS: readonly Column<ExternalServiceAnswer>[] = [
  { title: "NAME", value: ({ service_name: name }) => name },
  { title: "URL", value: ({ url }) => url },
  { title: "OWNER", value: ({ owner }) => owner },
  { title: "CHANGED", value: ({ updated_at: at }) => ago(at) },
  { title: "DESCRIPTION", value: ({ description }) => description || "-" },
];

async function register(name: string, url: string, { description }: { description?: string }, command: Command): Promise<void> {
  const body = { service_name: name, url, ...(description === undefined ? {} : { description }) };
  const answer = await askInstance(runningInstance(), PATH, { method: "POST", body });
  if (settingsOf(command).json) printJson(answer);
  else say(`${name} stands for ${url}`);
}

async function unregister(name: string, { force }: { force?: boolean }, command: Command): Promise<void> {
  await askInstance(runningInstance(), one(name), { method: "DELETE", query: { force } });
  if (settingsOf(command).json) printJson({ deleted: name });
  else say(`${name} is forgotten.`);
}

async function list(_: unknown, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH)) as ExternalServicesAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("There is none. Add one: tidegate service register <name> <url>");
  table(items, COLUMNS);
}

async function show(name: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), one(name))) as ExternalServiceAnswer;
  if (settingsOf(command).json) printJson(answer);
  else page(answer);
}

async function change(name: string, flags: { target?: string; description?: string }, command: Command): Promise<void> {
  const { target: url, description } = flags;
  if (url === undefined && description === undefined) throw usage("Say what to change: --target, --description or both.");
  const body = { ...(url === undefined ? {} : { url }), ...(description === undefined ? {} : { description }) };
  const answer = (await askInstance(runningInstance(), one(name), { method: "PUT", body })) as ExternalServiceAnswer;
  if (settingsOf(command).json) return printJson(answer);
  say("saved");
  page(answer);
}

function page({ service_name: name, url, description, owner, created_at: created, updated_at: updated }: ExternalServiceAnswer): void {
  facts([
    ["name", name],
    ["url", url],
    ["description", description || "-"],
    ["owner", owner],
    ["created", `${new Date(created).toISOString()} (${ago(created)})`],
    ["changed", `${new Date(updated).toISOString()} (${ago(updated)})`],
  ]);
}

function one(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}

function say(words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
}
