/** `tidegate service` for what is done to one as it is: start, stop, restart, roll back, pause, resume, adopt, delete. */
import { Command } from "commander";
import type { ServiceAnswer, ServiceDoneAnswer } from "../contract.ts";
import { confirm } from "./confirm.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { line, paint, printable, printJson } from "./output.ts";
import { begun, done } from "./service-lines.ts";
import { watched } from "./service-progress.ts";
import { settingsOf } from "./session.ts";

export function addActs(service: Command): void {
  for (const [verb, words] of ACTS)
    service
      .command(verb)
      .description(words)
      .argument("<name>")
      .option("--no-wait", "only begin it")
      .action((name: string, { wait }: { wait: boolean }, command: Command) => act(verb, name, wait, command));
  service
    .command("pause")
    .description("New connections wait at the door; those under way go on.")
    .argument("<name>")
    .option("--hold <seconds>", "how long one waits at most", wholeNumber(1, 600), 30)
    .action(pause);
  service.command("resume").description("Let connections in again.").argument("<name>").action(resume);
  service
    .command("adopt")
    .description("Make a running container a service, as it is.")
    .argument("<container>", "its name or id")
    .argument("<name>", "of the service")
    .action(adopt);
  service
    .command("delete")
    .alias("rm")
    .description("Remove a service, its container and its ports.")
    .argument("<name>")
    .option("--volumes", "its data as well; it cannot be brought back")
    .option("--delete-proxy", "the host names that lead to it as well")
    .option("--force", "also while it runs, without asking")
    .option("-y, --yes", "do not ask")
    .action(remove);
}

/** A change that answers the service as it is then. */
export async function change(
  name: string,
  path: string,
  method: string,
  more: { body?: unknown; wait: boolean; json: boolean },
): Promise<void> {
  const { body, wait, json } = more;
  const answer = await watched(
    name,
    { method, path, ...(body === undefined ? {} : { body }), ...(wait ? {} : { query: { wait } }) },
    json || !wait,
  );
  if (json) return printJson(answer);
  (wait ? done : begun)(answer as ServiceDoneAnswer);
}

export function pathOf(name: string, ...rest: readonly string[]): string {
  return ["/api/v1/services", ...[name, ...rest].map(encodeURIComponent)].join("/");
}

// Private

const ACTS = [
  ["start", "Start a stopped service."],
  ["stop", "Stop a service; its ports stay its own."],
  ["restart", "The same again in a new container."],
  ["rollback", "Back to the version before."],
] as const;

function act(verb: string, name: string, wait: boolean, command: Command): Promise<void> {
  return change(name, pathOf(name, verb), "POST", { wait, json: settingsOf(command).json });
}

async function pause(name: string, { hold }: { hold: number }, command: Command): Promise<void> {
  const answer = await askInstance(runningInstance(), pathOf(name, "pause"), { method: "POST", query: { hold }, limit: SHORT });
  if (settingsOf(command).json) return printJson(answer);
  say(`${name} is paused; new connections wait for up to ${hold} s.`);
  line(`  Let them in again: tidegate service resume ${name}`);
}

async function resume(name: string, _: unknown, command: Command): Promise<void> {
  const answer = await askInstance(runningInstance(), pathOf(name, "resume"), { method: "POST", limit: SHORT });
  if (settingsOf(command).json) printJson(answer);
  else say(`${name} takes connections again.`);
}

async function adopt(container: string, name: string, _: unknown, command: Command): Promise<void> {
  const body = { container };
  const answer = (await askInstance(runningInstance(), pathOf(name, "adopt"), { method: "POST", body, limit: SHORT })) as ServiceAnswer;
  if (settingsOf(command).json) return printJson(answer);
  say(`${container} is the service ${name} now.`);
  line(`  See it: tidegate service show ${name}`);
}

interface Removal {
  readonly volumes?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly deleteProxy?: boolean;
}

async function remove(name: string, flags: Removal, command: Command): Promise<void> {
  const { volumes = false, force = false, yes = false, deleteProxy = false } = flags;
  const { json } = settingsOf(command);
  // What is not there needs no question.
  const { status } = (await askInstance(runningInstance(), pathOf(name))) as ServiceAnswer;
  const runs = status === "running" || status === "paused";
  if (runs && !force && !yes && !process.stdin.isTTY)
    throw usage(
      `${name} is ${status}, and there is no terminal to ask at.`,
      `Delete it all the same: tidegate service delete ${name} --force`,
    );
  const what = `${runs ? `${status} ` : ""}service ${name}${volumes ? " and its data" : ""}`;
  await confirm(`delete the ${what}`, force || yes);
  // A person who was asked was told that it runs.
  await watched(name, { method: "DELETE", path: pathOf(name), query: { force: force || !yes, volumes, delete_proxy: deleteProxy } }, json);
  if (json) printJson({ deleted: name, volumes });
  else say(`${name} is gone${volumes ? ", with its data" : ""}.`);
}

const SHORT = 60_000;

function say(words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
}
