/** `tidegate proxy`: which host names are served, and where their requests go. Asks the running instance. */
import { Command } from "commander";
import type {
  ProxyTargetAnswer,
  ProxyTargetDoneAnswer,
  ProxyTargetRemovedAnswer,
  ProxyTargetRoutesAnswer,
  ProxyTargetsAnswer,
} from "../contract.ts";
import { confirm } from "./confirm.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { line, paint, printable, printJson, table } from "./output.ts";
import { addAccess } from "./proxy-access.ts";
import { addModes } from "./proxy-modes.ts";
import { addCreate } from "./proxy-create.ts";
import { addTargetOptions, targetRequest, type TargetFlags } from "./proxy-flags.ts";
import { TARGETS, targetPath } from "./proxy-path.ts";
import { TARGET_COLUMNS, targetDone, targetPage } from "./proxy-words.ts";
import { ROUTE_COLUMNS } from "./route-words.ts";
import { settingsOf } from "./session.ts";

export function proxyCommand(): Command {
  const proxy = new Command("proxy").description("Host names that are served, and where their requests go.");
  addCreate(proxy);
  proxy.command("ls").description("All of them.").option("--mine", "only what this token created").action(list);
  proxy.command("show").description("One of them.").argument("<host>").action(show);
  addTargetOptions(
    proxy
      .command("update")
      .description("Change the given fields; connections that are open stay.")
      .argument("<host>")
      .argument("[to]", "where it goes instead"),
  )
    .option("--enable", "serve it")
    .option("--disable", "answer every request with 503")
    .action(update);
  proxy
    .command("delete")
    .alias("rm")
    .description("Serve a host name no longer.")
    .argument("<host>")
    .option("--certificate", "its certificate as well, unless other hosts are shown with it")
    .option("--force", "also while routes name it, without asking")
    .option("-y, --yes", "do not ask")
    .action(remove);
  proxy
    .command("routes")
    .description("The routes that apply to a host name, in the order they are tried.")
    .argument("<host>")
    .action(routes);
  addModes(proxy);
  addAccess(proxy);
  return proxy;
}

// Private

async function list({ mine }: { mine?: boolean }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), TARGETS, { query: { owned_only: mine } })) as ProxyTargetsAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("No host name is served. Serve one: tidegate proxy create app.localhost 3000");
  table(items, TARGET_COLUMNS);
}

async function show(host: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), targetPath(host))) as ProxyTargetAnswer;
  if (settingsOf(command).json) printJson(answer);
  else targetPage(answer);
}

async function update(
  host: string,
  to: string | undefined,
  flags: TargetFlags & { enable?: boolean; disable?: boolean },
  command: Command,
): Promise<void> {
  const { enable, disable } = flags;
  if (enable === true && disable === true) throw usage("--enable and --disable do not go together.");
  const enabled = enable === true ? { enabled: true } : disable === true ? { enabled: false } : {};
  const body = { ...(await keepingHeaders(host, targetRequest(flags, to))), ...enabled };
  if (Object.keys(body).length === 0) throw usage("Say what to change, as --https.", `See: tidegate proxy update --help`);
  const answer = (await askInstance(runningInstance(), targetPath(host), { body })) as ProxyTargetDoneAnswer;
  if (settingsOf(command).json) printJson(answer);
  else targetDone(answer, `${answer.hostname} is changed`);
}

/** Headers that are not named stay: the interface replaces them as a whole. */
async function keepingHeaders(host: string, given: Record<string, unknown>): Promise<Record<string, unknown>> {
  const kinds = (["custom_headers", "custom_response_headers"] as const).filter((kind) => given[kind] !== undefined);
  if (kinds.length === 0) return given;
  const before = (await askInstance(runningInstance(), targetPath(host))) as ProxyTargetAnswer;
  const merged = kinds.map((kind) => [kind, { ...before[kind], ...(given[kind] as object) }]);
  return { ...given, ...(Object.fromEntries(merged) as object) };
}

async function remove(host: string, flags: { certificate?: boolean; force?: boolean; yes?: boolean }, command: Command): Promise<void> {
  const { certificate = false, force = false, yes = false } = flags;
  // What is not there needs no question.
  const { hostname } = (await askInstance(runningInstance(), targetPath(host))) as ProxyTargetAnswer;
  await confirm(`serve ${hostname} no longer`, force || yes);
  const query = { force, delete_certificate: certificate };
  const answer = (await askInstance(runningInstance(), targetPath(host), { method: "DELETE", query })) as ProxyTargetRemovedAnswer | null;
  const removed = certificate ? answer : null;
  if (settingsOf(command).json) return printJson({ deleted: hostname, ...(removed === null ? {} : { certificate: removed.certificate }) });
  line(`${paint("green", "✓")} ${printable(hostname)} is not served any more.`);
  if (removed !== null) line(`  ${printable(removed.detail)}`);
}

async function routes(host: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), targetPath(host, "routes"))) as ProxyTargetRoutesAnswer;
  if (settingsOf(command).json) return printJson(answer);
  if (answer.routes.length === 0) return line(`No route applies to ${printable(answer.hostname)}; everything goes to its target.`);
  table(answer.routes, ROUTE_COLUMNS);
}
