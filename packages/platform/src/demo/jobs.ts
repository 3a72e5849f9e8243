/**
 * The jobs the automation service can run: small, real and harmless. A job that rejects has failed; its message is the reason.
 * Programs get a bare environment: this process' own may hold passwords.
 */
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { readProcesses } from "./machine/processes.ts";
import { numberOf } from "./payload.ts";

export interface JobPlace {
  readonly dataFolder: string;
  readonly sinkUrl: () => string;
}

export interface Job {
  readonly name: string;
  /** Milliseconds it may take. */
  readonly limit: number;
  /** Fails on purpose, to show what a time-out looks like. */
  readonly drill?: boolean;
  run(input: unknown, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
}

/** In the order in which they are scheduled. */
export const ROUTINE = ["disk_space", "sink_check", "timeout_drill", "compress", "count_files"] as const;

export function jobsFor(place: JobPlace): ReadonlyMap<string, Job> {
  const jobs: Job[] = [
    { name: "disk_space", limit: 3_000, run: (_, signal) => diskSpace(place.dataFolder, signal) },
    { name: "sink_check", limit: 5_000, run: (_, signal) => sinkCheck(place.sinkUrl(), signal) },
    { name: "timeout_drill", limit: 300, drill: true, run: (_, signal) => program("sleep", ["5"], signal).then(() => ({})) },
    { name: "compress", limit: 3_000, run: () => compress() },
    { name: "count_files", limit: 3_000, run: (_, signal) => countFiles(place.dataFolder, signal) },
    { name: "inspect_port", limit: 2_000, run: inspectPort },
    { name: "top_processes", limit: 3_000, run: topProcesses },
  ];
  return new Map(jobs.map((job) => [job.name, job]));
}

/** Ends the job at its limit. */
export async function runJob(job: Job, input: unknown, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
  const limit = AbortSignal.timeout(job.limit);
  try {
    return await job.run(input, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new Error(`took longer than ${job.limit} ms and was ended`, { cause: error });
  }
}

/** `df -Pk`: the line after the heading; POSIX fixes its columns. Null for another shape. */
export function parseDf(output: string): { usedPercent: number; mount: string } | null {
  const match = /\s(\d+)%\s+(\/.*)$/.exec(output.trim().split("\n")[1] ?? "");
  return match?.[1] === undefined || match[2] === undefined ? null : { usedPercent: Number(match[1]), mount: match[2] };
}

// Private

const FULL = 95;
const SAMPLE = Buffer.from("a line of a log that compresses well\n".repeat(2_000));
const CHECK = "fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(2))";
const execute = promisify(execFile);

async function program(file: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await execute(file, args, {
      signal,
      killSignal: "SIGKILL",
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
      maxBuffer: 4_194_304,
    });
    return stdout;
  } catch (error) {
    throw new Error(reasonOf(file, error), { cause: error });
  }
}

function reasonOf(file: string, error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (code === "ENOENT") return `the program "${file}" is not installed`;
  return typeof code === "number" ? `exited with code ${code}` : `${file} was ended`;
}

async function diskSpace(folder: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const df = parseDf(await program("df", ["-Pk", folder], signal));
  if (df === null) throw new Error("df answered in an unknown shape");
  if (df.usedPercent > FULL) throw new Error(`${df.mount} is ${df.usedPercent} % full, allowed ${FULL} %`);
  return { ...df };
}

/** A program of its own, so that its exit code is a real one: 1 for a bad answer, 2 for none. */
async function sinkCheck(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  await program(process.execPath, ["-e", CHECK, url], signal);
  return { url, answers: true };
}

async function compress(): Promise<Record<string, unknown>> {
  const packed = await promisify(gzip)(SAMPLE);
  const intact = (await promisify(gunzip)(packed)).equals(SAMPLE);
  if (!intact) throw new Error("the unpacked bytes differ from the original");
  return { bytes: SAMPLE.length, packed: packed.length };
}

async function countFiles(folder: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const output = await program("find", [folder, "-xdev", "-type", "f"], signal);
  return { files: output.split("\n").filter((line) => line !== "").length };
}

/** Whether anything on this machine answers there now; either answer is a result, not a failure. */
async function inspectPort(input: unknown, signal: AbortSignal): Promise<Record<string, unknown>> {
  const port = numberOf(input, "port");
  if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`"port" must be 1 to 65535, found ${String(port)}`);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port, signal });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  const answers = await promise;
  socket.destroy();
  return { port, answers };
}

async function topProcesses(): Promise<Record<string, unknown>> {
  const processes = (await readProcesses()) ?? [];
  const top = processes.toSorted((a, b) => b.memory - a.memory).slice(0, 5);
  return { processes: processes.length, largest: top.map(({ pid, name, memory }) => ({ pid, name, memory })) };
}
