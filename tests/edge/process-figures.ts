/** What the system says of a process; Linux. */
import { readdirSync, readFileSync } from "node:fs";

/** Resident bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

/** The most that was resident from here on, looked at often. */
export class Watch implements Disposable {
  readonly #pids: readonly number[];
  readonly #timer: NodeJS.Timeout;
  readonly first: number;
  most: number;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.first = this.now;
    this.most = this.first;
    this.#timer = setInterval(() => (this.most = Math.max(this.most, this.now)), 100);
  }

  get now(): number {
    return this.#pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
