/**
 * An edge worker seen from the supervisor: how it is started and what it is told first. Its output goes to `tidegate.log` like that of the
 * control process.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { EdgeOrder } from "./channel.ts";
import { logPath, mainFile, openLog } from "./control-child.ts";

export const EDGE_COMMAND = "__edge";

/** Stands in its command line; recognises a worker that was left behind. */
export function edgeMark(dataFolder: string): string {
  return `${EDGE_COMMAND} --data ${dataFolder}`;
}

/** In its own process group, so that a Ctrl-C reaches only the supervisor. */
export function spawnEdge(order: EdgeOrder): ChildProcess {
  const { dataFolder } = order.config;
  const log = openLog(logPath(dataFolder));
  const args = [...process.execArgv, mainFile(), EDGE_COMMAND, "--data", dataFolder, "--worker", String(order.worker)];
  try {
    const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log, "ipc"] });
    if (child.connected) child.send(order, () => {});
    return child;
  } finally {
    closeSync(log);
  }
}
