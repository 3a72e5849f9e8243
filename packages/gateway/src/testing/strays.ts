/** What an engine that was killed leaves behind: containerd, its shims and their containers, and mounts. Only below one folder. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Ends every process whose command line names the path, and what such a process has started. */
export async function endStrays(path: string, limit = 10_000): Promise<void> {
  const end = performance.now() + limit;
  for (;;) {
    const strays = below(path);
    if (strays.length === 0) return;
    if (performance.now() > end) throw new Error(`processes ${strays.join(", ")} of ${path} do not end`);
    for (const pid of strays) kill(pid);
    await delay(20);
  }
}

export function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.toReversed()) spawnSync("umount", ["-l", path], { stdio: "ignore" });
}

// Private

function below(path: string): number[] {
  const parents = processes();
  const named = [...parents.keys()].filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`).includes(path));
  const found = new Set(named);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Living processes and their parents; a zombie waits for its parent only. */
function processes(): Map<number, number> {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const rows = pids.map((pid) => [Number(pid), /\) (\S) (\d+)/.exec(read(`/proc/${pid}/stat`))] as const);
  return new Map(rows.filter(([, match]) => match !== null && match[1] !== "Z").map(([pid, match]) => [pid, Number(match?.[2])]));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
