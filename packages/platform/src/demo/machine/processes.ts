/**
 * Running processes from /proc/<pid>/status and /proc/<pid>/stat (proc_pid_status(5), proc_pid_stat(5)).
 * Only name, owner and amounts are read: command lines and environments may hold secrets and are never opened.
 */
import { readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { isUnavailable, readIfThere } from "./source.ts";

export interface MachineProcess {
  readonly pid: number;
  /** The kernel's short name, at most 15 characters. */
  readonly name: string;
  readonly uid: number;
  /** Resident bytes. */
  readonly memory: number;
  /** Clock ticks (1/100 s) spent so far, user and system. */
  readonly cpuTicks: number;
}

/** Bounds one scan on a machine with very many processes. */
const MOST = 2_000;

/** Null where the machine has no /proc. Kernel threads are left out. */
export async function readProcesses(): Promise<MachineProcess[] | null> {
  const found: MachineProcess[] = [];
  for (const pid of await processIds()) {
    const status = await readIfThere(`/proc/${pid}/status`);
    const stat = await readIfThere(`/proc/${pid}/stat`);
    const process = status === null || stat === null ? null : parseProcess(status, stat);
    if (process !== null) found.push({ ...process, name: await nameOf(process) });
  }
  return found.length === 0 ? null : found;
}

/** Null for a kernel thread, a zombie (neither has memory) or text of another shape. */
export function parseProcess(status: string, stat: string): MachineProcess | null {
  const name = lineOf(status, "Name");
  const memory = Number.parseInt(lineOf(status, "VmRSS") ?? "", 10) * 1_024;
  const pid = Number.parseInt(lineOf(status, "Pid") ?? "", 10);
  const uid = Number.parseInt(lineOf(status, "Uid") ?? "", 10);
  const cpuTicks = parseCpuTicks(stat);
  if (name === undefined || ![memory, pid, uid, cpuTicks].every(Number.isSafeInteger)) return null;
  return { pid, name, uid, memory, cpuTicks };
}

// Private

/** Node names its first thread, and so the process, "MainThread"; the program file says more where we may see it. */
async function nameOf({ pid, name }: MachineProcess): Promise<string> {
  if (name !== "MainThread") return name;
  return readlink(`/proc/${pid}/exe`).then(basename, () => name);
}

function lineOf(status: string, key: string): string | undefined {
  return new RegExp(`^${key}:[ \\t]+(.+)$`, "m").exec(status)?.[1]?.trim();
}

/** The name may hold spaces and brackets, so fields are counted from the last bracket: utime is 14, stime 15. */
function parseCpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number.parseInt(fields[11] ?? "", 10) + Number.parseInt(fields[12] ?? "", 10);
}

async function processIds(): Promise<string[]> {
  try {
    return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).slice(0, MOST);
  } catch (error) {
    if (isUnavailable(error)) return [];
    throw error;
  }
}
