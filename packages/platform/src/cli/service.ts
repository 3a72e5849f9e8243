/** `tidegate service`: containers that Tidegate makes, replaces without a gap and removes. Asks the running instance. */
import { Command, Option } from "commander";
import type { CleanUpAnswer, ServiceAnswer, ServicesAnswer, ServiceStatsAnswer, UnifiedAnswer } from "../contract.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { count, counted, facts, line, paint, printable, printJson, table } from "./output.ts";
import { addActs, change, pathOf } from "./service-act.ts";
import { addExternal } from "./service-external.ts";
import { addSpecOptions, collect, requestOf, type SpecFlags } from "./service-flags.ts";
import { page, SERVICE_COLUMNS, STATS_COLUMNS, type ServiceRow } from "./service-lines.ts";
import { logsCommand } from "./service-logs.ts";
import { addPorts } from "./service-ports.ts";
import { settingsOf } from "./session.ts";

export function serviceCommand(): Command {
  const service = new Command("service").description("Containers that Tidegate makes, replaces without a gap and removes.");
  addSpecOptions(service.command("create").description("Make a service from an image or a Dockerfile.").argument("<name>"))
    .option("--host <host>", "serve this host name from it, made and deleted with it; as app.localhost")
    .option("--no-wait", "only begin it")
    .action(create);
  service
    .command("ls")
    .description("All services.")
    .option("--mine", "only what this token created")
    .option("--stats", "with processor and memory")
    .action(list);
  service
    .command("all")
    .description("Containers and external services in one list.")
    .addOption(new Option("--type <type>", "only these").choices(["docker", "external", "all"]).default("all"))
    .action(listAll);
  service.command("show").description("One service.").argument("<name>").action(show);
  addSpecOptions(
    service
      .command("deploy")
      .description("Change the given fields: a new container beside the old one, which serves until it is healthy.")
      .argument("<name>"),
  )
    .option("--unset <name>", "remove a variable, also a secret one (may be repeated)", collect)
    .option("--no-wait", "only begin it")
    .action(deploy);
  addActs(service);
  service.addCommand(logsCommand());
  service.command("stats").description("What the container uses at the moment.").argument("<name>").action(stats);
  addPorts(service);
  addExternal(service);
  service
    .command("cleanup")
    .description("Remove containers of ours that belong to no service, and ports nobody has.")
    .option("--dry-run", "only say what would be removed")
    .action(cleanUp);
  return service;
}

// Private

const PATH = "/api/v1/services";
const LIMIT = 60_000;
const HIDDEN = "***";

async function create(name: string, flags: SpecFlags & { wait: boolean; host?: string }, command: Command): Promise<void> {
  const along = flags.host === undefined ? {} : { auto_proxy: flags.host };
  const body = { ...(await requestOf(flags)), ...along, service_name: name };
  await change(name, PATH, "POST", { body, wait: flags.wait, json: settingsOf(command).json });
}

async function deploy(name: string, flags: SpecFlags & { wait: boolean; unset?: string[] }, command: Command): Promise<void> {
  const given = await requestOf(flags);
  if (Object.keys(given).length === 0)
    throw usage("Say what to change, as --image hello:2.", `The same again in a new container: tidegate service restart ${name}`);
  const body = await keepingVariables(name, given, flags.unset ?? []);
  await change(name, pathOf(name), "PATCH", { body, wait: flags.wait, json: settingsOf(command).json });
}

/** Variables that are not named stay: the interface replaces open ones, and secret ones, as a whole. */
async function keepingVariables(name: string, given: Record<string, unknown>, unset: readonly string[]): Promise<Record<string, unknown>> {
  const { environment, secret_environment: secrets, ...rest } = given;
  if (environment === undefined && secrets === undefined && unset.length === 0) return given;
  const { environment: before } = (await askInstance(runningInstance(), pathOf(name))) as ServiceAnswer;
  const stay = Object.entries(before).filter(([variable]) => !unset.includes(variable));
  const open = Object.fromEntries(stay.filter(([, value]) => value !== HIDDEN));
  const hidden = Object.fromEntries(stay.filter(([, value]) => value === HIDDEN));
  const gone = Object.fromEntries(unset.filter((variable) => before[variable] === HIDDEN).map((variable) => [variable, null]));
  return {
    ...rest,
    environment: { ...open, ...gone, ...(environment as object | undefined) },
    ...(secrets === undefined ? {} : { secret_environment: { ...hidden, ...(secrets as object) } }),
  };
}

async function list({ mine, stats: withStats }: { mine?: boolean; stats?: boolean }, command: Command): Promise<void> {
  const { items, docker } = (await askInstance(runningInstance(), PATH, { query: { owned_only: mine } })) as ServicesAnswer;
  const rows = await Promise.all(items.map(async (service) => ({ service, stats: withStats === true ? await statsOf(service) : null })));
  if (settingsOf(command).json)
    return rows.forEach(({ service, stats: found }) => printJson(found === null ? service : { ...service, stats: found }));
  if (docker.problem !== null) process.stderr.write(`${paint("yellow", "!")} ${printable(docker.problem)}\n`);
  if (rows.length === 0) return line("There is none. Make one: tidegate service create hello --image nginx:alpine --port 80 --writable");
  table<ServiceRow>(rows, [...SERVICE_COLUMNS, ...(withStats === true ? STATS_COLUMNS : [])]);
}

/** One that does not run has none. */
async function statsOf({ service_name: name, status }: ServiceAnswer): Promise<ServiceStatsAnswer | null> {
  if (status !== "running" && status !== "paused") return null;
  return (await askInstance(runningInstance(), pathOf(name, "stats"), { limit: LIMIT }).catch(() => null)) as ServiceStatsAnswer | null;
}

async function listAll({ type }: { type: string }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), `${PATH}/unified`, { query: { service_type: type } })) as UnifiedAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("There is none.");
  table(items, [
    { title: "NAME", value: ({ name }) => name },
    { title: "TYPE", value: ({ type: kind }) => kind },
    { title: "STATE", value: ({ state }) => state },
    { title: "URL", value: ({ url }) => url ?? "-" },
  ]);
}

async function show(name: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), pathOf(name))) as ServiceAnswer;
  if (settingsOf(command).json) printJson(answer);
  else page(answer);
}

async function stats(name: string, _: unknown, command: Command): Promise<void> {
  const found = (await askInstance(runningInstance(), pathOf(name, "stats"), { limit: LIMIT })) as ServiceStatsAnswer;
  if (settingsOf(command).json) return printJson(found);
  facts([
    ["cpu", `${found.cpu_usage.toFixed(1)} % of one processor`],
    ["memory", `${bytes(found.memory_usage)} of ${bytes(found.memory_limit)} (${found.memory_percentage.toFixed(1)} %)`],
    ["network", `${bytes(found.network_rx_bytes)} in, ${bytes(found.network_tx_bytes)} out`],
    ["disk", `${bytes(found.block_read_bytes)} read, ${bytes(found.block_write_bytes)} written`],
    ["processes", count(found.pids)],
  ]);
}

async function cleanUp({ dryRun }: { dryRun?: boolean }, command: Command): Promise<void> {
  const dry = dryRun === true;
  const found = (await askInstance(runningInstance(), `${PATH}/cleanup`, {
    method: "POST",
    query: { dry_run: dry },
    limit: LIMIT,
  })) as CleanUpAnswer;
  if (settingsOf(command).json) return printJson(found);
  const { containers, ports } = found;
  if (containers.length + ports.length === 0) return line(`${paint("green", "✓")} There is nothing to clean up.`);
  for (const { id, name } of containers) line(`  container ${printable(name)} (${id.slice(0, 12)})`);
  for (const { port, owner } of ports) line(`  port ${port} of ${printable(owner)}`);
  const what = `${counted(containers.length, "container")} and ${counted(ports.length, "port")}`;
  line(dry ? `${what} would be removed. Do it: tidegate service cleanup` : `${paint("green", "✓")} ${what} removed.`);
}

function bytes(value: number): string {
  for (const [unit, size] of UNITS) if (value >= size) return `${(value / size).toFixed(1)} ${unit}`;
  return `${value} B`;
}

const UNITS = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
] as const;
