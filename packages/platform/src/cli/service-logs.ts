/** `tidegate service logs`: what the container has said, and what it says, until Ctrl-C. */
import { get, type IncomingMessage } from "node:http";
import { get as secureGet } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import type { ServiceLogsAnswer } from "../contract.ts";
import { PlatformError } from "../errors.ts";
import { askInstance, liveAddress, refusalOf, runningInstance } from "./instance-client.ts";
import { time, wholeNumber } from "./numbers.ts";
import { line, paint, printable, printJson } from "./output.ts";
import { pathOf } from "./service-act.ts";
import { settingsOf } from "./session.ts";

export function logsCommand(): Command {
  return new Command("logs")
    .description("What the container has said, oldest first.")
    .argument("<name>")
    .option("-n, --lines <n>", "so many", wholeNumber(0, 10_000), 100)
    .option("-t, --timestamps", "each line with its time")
    .option("--since <when>", "a date, or 30m, 12h, 7d for so long ago", time)
    .option("-f, --follow", "and what it says from now on, until Ctrl-C")
    .action(show);
}

// Private

interface Flags {
  readonly lines: number;
  readonly timestamps?: boolean;
  readonly since?: number;
  readonly follow?: boolean;
}

const LIMIT = 30_000;

async function show(name: string, { follow, ...flags }: Flags, command: Command): Promise<void> {
  const { json } = settingsOf(command);
  if (follow === true) return await followed(name, flags, json);
  const query = { lines: flags.lines, since: flags.since };
  const answer = (await askInstance(runningInstance(), pathOf(name, "logs"), { query, limit: LIMIT })) as ServiceLogsAnswer;
  for (const one of answer.lines) {
    if (json) printJson(one);
    else
      line(
        `${flags.timestamps === true && one.at !== null ? `${paint("dim", new Date(one.at).toISOString())} ` : ""}${printable(one.text)}`,
      );
  }
  if (answer.lines.length === 0 && !json) process.stderr.write(`${printable(name)} has said nothing yet.\n`);
}

async function followed(name: string, flags: Flags, json: boolean): Promise<void> {
  const instance = runningInstance();
  const url = new URL(pathOf(name, "logs"), instance.file.consoleUrl);
  const query = { follow: true, lines: flags.lines, since: flags.since, timestamps: flags.timestamps };
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  try {
    const answer = await ask(url, liveAddress(instance).headers, interrupt.signal);
    if (answer.statusCode !== 200) throw refusalOf(instance, url, answer.statusCode ?? 0, JSON.parse(await text(answer)));
    for await (const row of createInterface({ input: answer })) line(json ? JSON.stringify({ text: row }) : printable(row));
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  }
  if (interrupt.signal.aborted) process.exitCode = 130;
  else
    process.stderr.write(
      `${printable(name)} says no more: its container has ended or was replaced. Follow the new one with the same command.\n`,
    );
}

async function ask(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = (url.protocol === "https:" ? secureGet : get)(url, { headers, signal, agent: false }, resolve);
  asked.on("error", reject);
  try {
    return await promise;
  } catch (error) {
    throw new PlatformError("UNREACHABLE", `Tidegate does not answer at ${url.origin}.`, { cause: error, hint: "See: tidegate doctor" });
  }
}
