/** `tidegate worker handlers.ts`: runs a team's own message handlers, here or on any machine that reaches Redis. */
import { Command } from "commander";
import { parseConfig, parseCount, userFolder } from "../config.ts";
import { listenForStop, type StopRequest } from "../supervisor/stop-request.ts";
import { CrashReport } from "../worker/crash-report.ts";
import { loadHandlers } from "../worker/handlers.ts";
import { WorkerProcesses } from "../worker/processes.ts";
import { reporter, type Report } from "../worker/report.ts";
import { Worker, serviceName, type WorkerOptions } from "../worker/worker.ts";

interface WorkerFlags {
  readonly group?: string;
  readonly concurrency?: string;
  readonly topics?: string;
  readonly processes?: string;
  readonly json?: boolean;
  readonly url?: string;
  readonly namespace?: string;
}

export function workerCommand(): Command {
  return new Command("worker")
    .description("run the message handlers of a TypeScript or JavaScript module until Ctrl-C, then drain")
    .argument("<file>", "module whose default export is { topic: { event_type: (message, context) => … } }")
    .option("--group <name>", "consumer group for all topics (<topic>_processors)")
    .option("--concurrency <number>", "handlers running at once per process and topic (PROCESSOR_WORKERS, then 4)")
    .option("--topics <names>", "only these of the file's topics, separated by commas")
    .option("--processes <number>", "worker processes, each started again when it dies (1)")
    .addHelpText("after", HELP)
    .action(async (file: string, _flags: unknown, command: Command) => {
      process.exitCode = await work(file, command.optsWithGlobals<WorkerFlags>());
    });
}

// Private

const HELP = `
A handlers file:
  export default {
    identity: {
      user_created: async (message, context) => { console.log(message.data); },
    },
  };

A handler that returns acknowledges; one that throws is tried again later, and in the end becomes a dead letter.`;

async function work(path: string, flags: WorkerFlags): Promise<number> {
  const processes = parseCount("--processes", flags.processes, 1, 256);
  const report = reporter(flags.json === true);
  const options = await workerOptions(path, flags, report);
  using stop = listenForStop();
  // Awaited here, or the signals would be let go of before the work begins.
  return await (processes > 1 ? runMany(processes, options, stop) : runOne(new Worker(options), report, stop));
}

/** Loads the file in the parent of many as well: a broken one is told once, before anything starts. */
async function workerOptions(path: string, flags: WorkerFlags, report: Report): Promise<WorkerOptions> {
  const { group, namespace } = flags;
  const settings = parseConfig(flags.url === undefined ? {} : { url: flags.url }, process.env, process.cwd());
  const url = settings.redisUrl;
  return {
    file: await loadHandlers(path, userFolder(process.env, process.cwd())),
    ...(flags.concurrency === undefined ? {} : { concurrency: parseCount("--concurrency", flags.concurrency, 4, 10_000) }),
    ...(flags.topics === undefined
      ? {}
      : {
          topics: flags.topics
            .split(",")
            .map((topic) => topic.trim())
            .filter((topic) => topic !== ""),
        }),
    ...(group === undefined ? {} : { group }),
    ...(url === null ? {} : { url }),
    telemetryPrefix: settings.telemetryPrefix,
    defaults: { concurrency: settings.workers, maxRetries: settings.maxRetries },
    ...(namespace === undefined ? {} : { namespace }),
    json: flags.json === true,
    report,
  };
}

async function runOne(worker: Worker, report: Report, stop: StopRequest): Promise<number> {
  try {
    await worker.start();
    await Promise.race([stop.asked, worker.closed()]);
    report("stopping", "stopping: waiting for running handlers (Ctrl-C again stops at once)");
  } catch (error) {
    await worker.abandon(error);
    throw error;
  }
  if (await Promise.race([worker.stop().then(() => true), stop.insisted.then(() => false)])) return endNow(0);
  return endNow(130);
}

async function runMany(count: number, options: WorkerOptions, stop: StopRequest): Promise<number> {
  const { url, namespace, telemetryPrefix: prefix, file, report } = options;
  const place = { ...(url === undefined ? {} : { url }), ...(namespace === undefined ? {} : { namespace }), telemetry: { prefix } };
  const crashes = new CrashReport(place, prefix, serviceName(file.path));
  const args = [process.argv[1] ?? "", ...withoutProcesses(process.argv.slice(2))];
  const workers = new WorkerProcesses(count, args, report, (what) => crashes.died(what));
  workers.start();
  const failed = await Promise.race([workers.failed, stop.asked]);
  const stopped = await Promise.race([workers.stop().then(() => true), stop.insisted.then(() => false)]);
  if (!stopped) workers.kill();
  await crashes.close();
  if (typeof failed === "number") return failed;
  return stopped ? 0 : 130;
}

function withoutProcesses(args: readonly string[]): string[] {
  return args.filter((word, index) => word !== "--processes" && args[index - 1] !== "--processes" && !word.startsWith("--processes="));
}

/** A handlers file may have opened connections of its own, which must not keep a drained worker alive. */
function endNow(code: number): never {
  process.exit(code);
}
