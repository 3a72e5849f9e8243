/** `tidegate up`: everything on this box, until Ctrl-C. */
import { isAbsolute, relative } from "node:path";
import { Command } from "commander";
import { hasDesktop, parseConfig, userFolder, type PlatformConfig, type UpFlags } from "../config.ts";
import { HELLO_HOST } from "../demo/hosts.ts";
import { toPlain } from "../errors.ts";
import { CONTROL_COMMAND } from "../supervisor/control-child.ts";
import { EDGE_COMMAND } from "../supervisor/edge-child.ts";
import { openBrowser } from "../supervisor/browser.ts";
import { Screen, NOWHERE } from "../supervisor/screen.ts";
import { listenForStop } from "../supervisor/stop-request.ts";
import { Supervisor, type ReadyReport } from "../supervisor/supervisor.ts";
import { VERSION } from "../version.ts";

export function upCommand(): Command {
  return new Command("up")
    .description("start Redis, the streams and the console on this machine; Ctrl-C stops them")
    .option("--demo", "run a small fleet of services fed by this machine")
    .option("--no-demo", "run without it, whatever the settings say")
    .option("--port <number>", "port of the console and the API; 0 takes a free one (8090)")
    .option("--host <address>", "address of the console and the API (127.0.0.1)")
    .option("--data <folder>", "where everything is kept (.tidegate)")
    .option("--redis-port <number>", "port of the embedded Redis; 0 takes a free one (6380)")
    .option("--production", "open the front door to other machines, on ports 80 and 443")
    .option("--no-open", "do not open the console in a browser")
    .action(async (_flags: unknown, command: Command) => {
      process.exitCode = await up(givenFlags(command), command.optsWithGlobals<{ json?: boolean }>().json === true);
    });
}

/** Started by `up` and never typed by a person. */
export function controlCommand(): Command {
  return new Command(CONTROL_COMMAND).option("--data <folder>").action(async () => {
    const { runControlProcess } = await import("../orchestrator/control-process.ts");
    await runControlProcess();
  });
}

/** Started by `up` and never typed by a person. */
export function edgeCommand(): Command {
  return new Command(EDGE_COMMAND)
    .option("--data <folder>")
    .option("--worker <number>")
    .action(async () => {
      const { runEdgeProcess } = await import("../supervisor/edge-process.ts");
      await runEdgeProcess();
    });
}

// Private

/** Only what was typed: commander gives `--no-x` a default of true, which must not outrank the environment. */
function givenFlags(command: Command): UpFlags {
  const typed = Object.entries(command.optsWithGlobals()).filter(([name]) => command.getOptionValueSourceWithGlobals(name) === "cli");
  return Object.fromEntries(typed) as UpFlags;
}

async function up(flags: UpFlags, json: boolean): Promise<number> {
  surviveClosedTerminal();
  const screen = new Screen(json ? NOWHERE : process.stdout);
  const config = parseConfig(flags, process.env, process.cwd());
  screen.line(`Tidegate ${VERSION}`);
  using stop = listenForStop();
  const supervisor = new Supervisor(config, screen, process.env["PATH"] ?? "");
  const ready = await Promise.race([startOrCleanUp(supervisor), stop.asked]);
  if (typeof ready !== "string") {
    if (json) announce(config, ready, supervisor.edgeUrls);
    else welcome(screen, config, ready, supervisor.edgeUrls);
    await stop.asked;
  }
  // Awaited here, or the second Ctrl-C would not be heard.
  return await finish(supervisor, screen, stop.insisted);
}

/** Stopped while starting: the wish to stop is answered by the caller, so this never is. */
async function startOrCleanUp(supervisor: Supervisor): Promise<ReadyReport> {
  try {
    return await supervisor.start();
  } catch (error) {
    if (toPlain(error).code === "INTERRUPTED") return new Promise(() => {});
    await supervisor.stop();
    throw error;
  }
}

/** A terminal that was closed must not end the orderly stop that its closing began. */
function surviveClosedTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners("error").on("error", () => {});
}

async function finish(supervisor: Supervisor, screen: Screen, insisted: Promise<void>): Promise<number> {
  screen.closeTable();
  screen.line();
  screen.line("Stopping … (Ctrl-C again stops at once)");
  const orderly = supervisor.stop().then(() => true);
  if (await Promise.race([orderly, insisted.then(() => false)])) {
    screen.done("Stopped; all data is kept.");
    return 0;
  }
  await supervisor.kill();
  screen.line("Stopped at once.");
  return 130;
}

function announce(config: PlatformConfig, report: ReadyReport, edge: readonly string[]): void {
  const { consoleUrl, address, links } = report;
  process.stdout.write(
    `${JSON.stringify({ event: "ready", console: consoleUrl, login: links[0], redis: address, edge, namespace: config.namespace, data: config.dataFolder, version: VERSION })}\n`,
  );
  if (config.open && hasDesktop(process.env)) openBrowser(links[1]);
}

function welcome(screen: Screen, config: PlatformConfig, report: ReadyReport, edge: readonly string[]): void {
  screen.done(`Redis    ${report.address}${config.redisUrl === null ? " (embedded)" : ""}`);
  screen.done(`Streams  namespace ${config.namespace}`);
  if (config.demo) screen.done("Demo     a small fleet of services, fed by this machine");
  if (edge.length > 0) {
    screen.done(`Edge     ${edge.join("  ")}`);
    screen.line(`  Its local certificates are signed by ${config.dataFolder}/local-ca/ca.pem`);
  }
  screen.done(`Console  ${report.links[0]}  (this link signs you in once)`);
  if (report.newToken) screen.line(`  The admin token is kept in ${config.dataFolder}/admin-token`);
  screen.line();
  screen.line("Try, in another terminal:");
  for (const line of suggestions(config, edge)) screen.line(`  ${line}`);
  screen.openTable();
  if (config.open && hasDesktop(process.env)) openBrowser(report.links[1]);
}

function suggestions({ demo, dataFolder }: PlatformConfig, edge: readonly string[]): string[] {
  const secure = edge.find((url) => url.startsWith("https:"));
  const hello = demo && secure !== undefined ? secure.replace("//localhost", `//${HELLO_HOST}`) : null;
  return [
    `npx tidegate publish identity user_created '{"user_id":"42"}'`,
    ...(hello === null ? [] : [`curl --cacert ${relativeTo(dataFolder)}/local-ca/ca.pem ${hello}/`]),
    ...(demo ? [`npx tidegate publish system sink_broken '{"seconds":30}'`] : []),
    "npx tidegate dlq replay --all",
  ];
}

/** As short as it can be typed from where the person is. */
function relativeTo(folder: string): string {
  const near = relative(userFolder(process.env, process.cwd()), folder);
  return near !== "" && !near.startsWith("..") && !isAbsolute(near) ? near : folder;
}
