/**
 * The control process seen from the supervisor: how it is started, what it is told first, and what it says. Its output goes
 * to `tidegate.log`, because the terminal belongs to the person.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, closeSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const CONTROL_COMMAND = "__control";
const LOG_LIMIT = 10 * 1024 * 1024;

/** Stands in its command line; recognises a control process that was left behind. */
export function controlMark(dataFolder: string): string {
  return `${CONTROL_COMMAND} --data ${dataFolder}`;
}

export function logPath(dataFolder: string): string {
  return join(dataFolder, "tidegate.log");
}

/** In its own process group, so that a Ctrl-C reaches only the supervisor. */
export function spawnControl(dataFolder: string): ChildProcess {
  const log = openLog(logPath(dataFolder));
  try {
    return spawn(process.execPath, [...process.execArgv, mainFile(), CONTROL_COMMAND, "--data", dataFolder], {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    });
  } finally {
    closeSync(log);
  }
}

/** `src/main.ts` from source, `dist/main.js` where published. */
export function mainFile(): string {
  const here = fileURLToPath(import.meta.url);
  return join(here, "..", "..", here.endsWith(".ts") ? "main.ts" : "main.js");
}

/** For a child's output; to be closed once the child has it. */
export function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT) renameSync(path, `${path}.1`);
  const file = openSync(path, "a", 0o600);
  chmodSync(path, 0o600);
  return file;
}
