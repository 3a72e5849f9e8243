/** Runs a program as a reader of the examples would: in a process of its own, on a Redis given by the environment. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { once } from "node:events";

export interface ExampleRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that has not ended after this many milliseconds waits for something that never comes. */
const LIMIT = 30_000;

export async function runExample(file: string, redisUrl: string): Promise<ExampleRun> {
  const child = spawn(process.execPath, ["--conditions=@tidegate/source", file], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT,
    env: { ...process.env, REDIS_STREAMS_URL: redisUrl },
  });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code: child.exitCode, stdout, stderr };
}
