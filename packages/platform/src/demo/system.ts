/**
 * The system service: measures load, processor, memory and disk of this machine every two seconds and says when a limit is passed.
 * `sink_broken` on its topic comes from a person, not from here.
 */
import { availableParallelism, cpus, freemem, loadavg, totalmem, uptime } from "node:os";
import { fillLevel } from "./machine/disks.ts";
import { readIfThere } from "./machine/source.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";

const SAMPLE_EVERY = 2_000;

export const SAMPLED = ["load_per_core", "cpu_percent", "memory_percent", "disk_percent"] as const;
export type Sampled = (typeof SAMPLED)[number];

/** Raised at the first, cleared below the second: a value that swings around one limit would alert at every sample. */
const LIMITS: Readonly<Record<Sampled, { raise: number; clear: number }>> = {
  load_per_core: { raise: 2, clear: 1.5 },
  cpu_percent: { raise: 95, clear: 80 },
  memory_percent: { raise: 90, clear: 85 },
  disk_percent: { raise: 90, clear: 88 },
};

export function systemRole(dataFolder: string): Role {
  return { topic: "system", listensTo: [], begin: (publish) => new System(publish, dataFolder) };
}

/** MemAvailable of /proc/meminfo (proc_meminfo(5)) in bytes; null if the kernel does not tell. */
export function parseAvailableMemory(text: string): number | null {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
}

/** What changed for a value: null while it stays on its side of the limit. */
export function crossing(name: Sampled, value: number, raised: boolean): "raised" | "cleared" | null {
  if (!raised && value >= LIMITS[name].raise) return "raised";
  return raised && value < LIMITS[name].clear ? "cleared" : null;
}

class System implements Member {
  readonly duties: readonly Duty[] = [{ name: "sample", every: SAMPLE_EVERY, run: () => this.#sample() }];
  readonly #publish: Publish;
  readonly #dataFolder: string;
  readonly #raised = new Set<Sampled>();
  #ticks = processorTicks();

  constructor(publish: Publish, dataFolder: string) {
    this.#publish = publish;
    this.#dataFolder = dataFolder;
  }

  async #sample(): Promise<void> {
    const values = await this.#measure();
    await this.#publish("health_check", { ...values, uptime_seconds: Math.round(uptime()) });
    for (const name of SAMPLED) await this.#compare(name, values[name]);
  }

  async #measure(): Promise<Record<Sampled, number>> {
    const available = parseAvailableMemory((await readIfThere("/proc/meminfo")) ?? "") ?? freemem();
    const disk = await fillLevel(this.#dataFolder);
    return {
      load_per_core: round((loadavg()[0] ?? 0) / availableParallelism()),
      cpu_percent: this.#processorUse(),
      memory_percent: round((1 - available / totalmem()) * 100),
      disk_percent: disk === null || disk.size === 0 ? 0 : round((disk.used / disk.size) * 100),
    };
  }

  #processorUse(): number {
    const before = this.#ticks;
    const now = (this.#ticks = processorTicks());
    const total = now.total - before.total;
    return total <= 0 ? 0 : round((1 - (now.idle - before.idle) / total) * 100);
  }

  async #compare(name: Sampled, value: number): Promise<void> {
    const state = crossing(name, value, this.#raised.has(name));
    if (state === null) return;
    const priority = state === "raised" ? "critical" : "normal";
    await this.#publish("system_alert", { state, series: name, value, limit: LIMITS[name].raise }, { priority });
    if (state === "raised") this.#raised.add(name);
    else this.#raised.delete(name);
  }
}

// Private

function processorTicks(): { idle: number; total: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  return { idle, total: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
