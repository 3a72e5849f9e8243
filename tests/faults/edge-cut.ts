/** Cuts an edge worker off from Redis, again and again, while everybody else stays connected: what changes meanwhile is told to it by nobody. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "@tidegate/streams";

/** Ends with the signal; answers how many connections were cut. */
export async function cutOff(store: Store, pids: readonly number[], redisPort: number, signal: AbortSignal): Promise<number> {
  let cut = 0;
  while (!signal.aborted) {
    for (const port of pids.flatMap((pid) => portsTo(pid, redisPort))) {
      cut += Number(await store.call(["CLIENT", "KILL", "ADDR", `127.0.0.1:${port}`]).catch(() => 0)) === 0 ? 0 : 1;
    }
    await pause(5);
  }
  return cut;
}

// Private

/** The process's own ends of its connections to that port, by the kernel. */
function portsTo(pid: number, remote: number): number[] {
  const inodes = new Set(socketsOf(pid));
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => portOf(row[2]) === remote && inodes.has(row[9] ?? "")).map((row) => portOf(row[1]));
}

function portOf(address: string = ""): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

/** None of a process that has ended. */
function socketsOf(pid: number): string[] {
  return told(() => readdirSync(`/proc/${pid}/fd`), [])
    .map((fd) => told(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ""))
    .filter((target) => target.startsWith("socket:["))
    .map((target) => target.slice(8, -1));
}

function told<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
