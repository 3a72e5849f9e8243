/**
 * What this machine knows about a process id. An id alone proves nothing, because ids are used again: before anything is
 * ended its command line is read, from /proc or, where there is none, from ps.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** False for a process that has ended and only waits to be collected by its parent. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return statOf(pid)?.[0] !== "Z";
}

/** The arguments joined by blanks; empty if there is no such process. */
export function commandLine(pid: number): string {
  if (existsSync("/proc/self")) return read(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ") ?? "";
  return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}

/** Boot and start time, which no other process with this id shares; null where the system does not tell. */
export function birthOf(pid: number): string | null {
  const started = statOf(pid)?.[19];
  const boot = read("/proc/sys/kernel/random/boot_id")?.trim();
  return started === undefined || boot === undefined ? null : `${boot}/${started}`;
}

/** SIGTERM, then after `limit` ms SIGKILL; resolves once it is gone. For processes that are not our children. */
export async function endProcess(pid: number, limit: number): Promise<void> {
  signal(pid, "SIGTERM");
  if (await gone(pid, limit)) return;
  signal(pid, "SIGKILL");
  await gone(pid, 2000);
}

/** Somebody else's child sends no event when it ends, so this looks every 25 ms. */
async function gone(pid: number, limit: number): Promise<boolean> {
  const until = performance.now() + limit;
  while (isAlive(pid)) {
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
}

// Private

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/** Fields of /proc/<pid>/stat after the name, which may itself hold blanks: state first, start time at index 19. */
function statOf(pid: number): readonly string[] | null {
  const text = read(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
