/**
 * A container's use of the machine from one answer of Docker, as `docker stats` shows it. cgroup v1 and v2 name the page cache differently, and any
 * part may be missing (rootless, stopped, other kernels); what is missing is 0. https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerStats
 */
import type { ContainerStats } from "./engine.ts";

interface Cpu {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

export interface RawStats {
  readonly cpu_stats?: Cpu;
  readonly precpu_stats?: Cpu;
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>>;
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op?: string; readonly value?: number }[] | null;
  };
  readonly pids_stats?: { readonly current?: number };
}

export function containerStats(raw: RawStats): ContainerStats {
  const usage = memory(raw);
  const limit = raw.memory_stats?.limit ?? 0;
  const networks = Object.values(raw.networks ?? {});
  return {
    cpu_usage: cpu(raw.cpu_stats, raw.precpu_stats),
    memory_usage: usage,
    memory_limit: limit,
    memory_percentage: limit > 0 ? rounded((usage / limit) * 100) : 0,
    network_rx_bytes: sum(networks.map((one) => one.rx_bytes)),
    network_tx_bytes: sum(networks.map((one) => one.tx_bytes)),
    block_read_bytes: block(raw, "read"),
    block_write_bytes: block(raw, "write"),
    pids: raw.pids_stats?.current ?? 0,
  };
}

// Private

/** Of the time all processors had between two samples; times their number, so one busy processor is 100. */
function cpu(now: Cpu | undefined, before: Cpu | undefined): number {
  const used = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const had = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const processors = now?.online_cpus ?? now?.cpu_usage?.percpu_usage?.length ?? 1;
  if (before?.system_cpu_usage === undefined || used <= 0 || had <= 0) return 0;
  return rounded((used / had) * Math.max(1, processors) * 100);
}

/** v1: `total_inactive_file`, v2: `inactive_file`. */
function memory(raw: RawStats): number {
  const usage = raw.memory_stats?.usage ?? 0;
  const cache = raw.memory_stats?.stats?.["total_inactive_file"] ?? raw.memory_stats?.stats?.["inactive_file"] ?? 0;
  return cache < usage ? usage - cache : usage;
}

/** v1 says Read, v2 read. */
function block(raw: RawStats, op: string): number {
  const rows = raw.blkio_stats?.io_service_bytes_recursive ?? [];
  return sum(rows.filter((row) => row.op?.toLowerCase() === op).map((row) => row.value));
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
