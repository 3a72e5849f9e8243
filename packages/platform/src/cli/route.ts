/** `tidegate route`: paths that go elsewhere than their host's target. Asks the running instance. */
import { Command, Option } from "commander";
import type { ProxyRouteAnswer, ProxyRouteDoneAnswer, ProxyRoutesAnswer } from "../contract.ts";
import { confirm } from "./confirm.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { line, paint, printable, printJson, table } from "./output.ts";
import { routePath, ROUTES } from "./proxy-path.ts";
import { addExplainOptions, explainUrl } from "./route-explain.ts";
import { addRouteOptions, routeRequest, type RouteFlags } from "./route-flags.ts";
import { inTheWay, ROUTE_COLUMNS, routeDone, routePage } from "./route-words.ts";
import { settingsOf } from "./session.ts";

export function routeCommand(): Command {
  const route = new Command("route").description("Paths that go elsewhere than their host's target, for all hosts or for some.");
  addRouteOptions(
    route
      .command("create")
      .description("Send a path elsewhere.")
      .argument("<path>", "/api is the path itself and all below it")
      .argument("<to>", "URL, 3000 for a port of this machine, service or service:port, host:<name of another host>, or redirect:<where>"),
  )
    .option("--id <id>", "default: made from the path")
    .action(create);
  route
    .command("ls")
    .description("All of them.")
    .option("--mine", "only what this token created")
    .addOption(new Option("--scope <scope>", "only these").choices(["global", "proxy"]))
    .action(list);
  route.command("show").description("One of them.").argument("<id>").action(show);
  addRouteOptions(
    route.command("update").description("Change the given fields.").argument("<id>").argument("[to]", "where it goes instead"),
  )
    .option("--path <path>", "another path")
    .option("--enable", "it applies again")
    .option("--disable", "as if it were not there")
    .action(update);
  route
    .command("delete")
    .alias("rm")
    .description("Remove a route.")
    .argument("<id>")
    .option("--force", "also while hosts list it, without asking")
    .option("-y, --yes", "do not ask")
    .action(remove);
  addExplainOptions(
    route.command("explain").description("Which host and route a request would take, and why not the others.").argument("<url>"),
  ).action(explainUrl);
  return route;
}

// Private

async function create(path: string, to: string, { id, ...flags }: RouteFlags & { id?: string }, command: Command): Promise<void> {
  const body = { path_pattern: path, ...routeRequest(flags, to), ...(id === undefined ? {} : { route_id: id }) };
  const answer = (await askInstance(runningInstance(), ROUTES, { method: "POST", body })) as ProxyRouteDoneAnswer;
  if (settingsOf(command).json) printJson(answer);
  else routeDone(answer, `${answer.route_id} is ${answer.served ? "in force" : "kept"}`);
}

async function list({ mine, scope }: { mine?: boolean; scope?: string }, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), ROUTES, { query: { owned_only: mine } })) as ProxyRoutesAnswer;
  const items = answer.items.filter((route) => scope === undefined || route.scope === scope);
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("There is none. Make one: tidegate route create /api 3000");
  table(items, ROUTE_COLUMNS);
  for (const words of inTheWay(items)) line(`${paint("yellow", "!")} ${printable(words)}`);
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), routePath(id))) as ProxyRouteAnswer;
  if (settingsOf(command).json) printJson(answer);
  else routePage(answer);
}

async function update(
  id: string,
  to: string | undefined,
  { path, enable, disable, ...flags }: RouteFlags & { path?: string; enable?: boolean; disable?: boolean },
  command: Command,
): Promise<void> {
  if (enable === true && disable === true) throw usage("--enable and --disable do not go together.");
  const enabled = enable === true ? { enabled: true } : disable === true ? { enabled: false } : {};
  const body = { ...(path === undefined ? {} : { path_pattern: path }), ...routeRequest(flags, to), ...enabled };
  if (Object.keys(body).length === 0) throw usage("Say what to change, as --priority 100.", "See: tidegate route update --help");
  const answer = (await askInstance(runningInstance(), routePath(id), { body })) as ProxyRouteDoneAnswer;
  if (settingsOf(command).json) printJson(answer);
  else routeDone(answer, `${answer.route_id} is changed`);
}

async function remove(id: string, flags: { force?: boolean; yes?: boolean }, command: Command): Promise<void> {
  const { force = false, yes = false } = flags;
  // What is not there needs no question.
  await askInstance(runningInstance(), routePath(id));
  await confirm(`remove the route ${id}`, force || yes);
  await askInstance(runningInstance(), routePath(id), { method: "DELETE", query: { force } });
  if (settingsOf(command).json) printJson({ deleted: id });
  else line(`${paint("green", "✓")} ${printable(id)} is gone.`);
}
