/** Tests of a container's statistics: answers of cgroup v1 and v2, and with parts missing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { containerStats, type RawStats } from "./stats.ts";

/** Docker 20.10, cgroup v1. */
const one: RawStats = {
  cpu_stats: { cpu_usage: { total_usage: 400_000_000, percpu_usage: [1, 2] }, system_cpu_usage: 12_000_000_000, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 200_000_000, percpu_usage: [1, 2] }, system_cpu_usage: 10_000_000_000, online_cpus: 2 },
  memory_stats: { usage: 30_000_000, limit: 64_000_000, stats: { total_inactive_file: 14_000_000, inactive_file: 1, cache: 20_000_000 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 20 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: "Read", value: 4096 },
      { op: "Write", value: 8192 },
      { op: "Total", value: 12_288 },
    ],
  },
  pids_stats: { current: 3 },
};

/** Docker 29, cgroup v2: no percpu_usage, other names. */
const two: RawStats = {
  ...one,
  cpu_stats: { cpu_usage: { total_usage: 400_000_000 }, system_cpu_usage: 12_000_000_000, online_cpus: 4 },
  precpu_stats: { cpu_usage: { total_usage: 200_000_000 }, system_cpu_usage: 10_000_000_000, online_cpus: 4 },
  memory_stats: { usage: 30_000_000, limit: 64_000_000, stats: { inactive_file: 14_000_000, anon: 1 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: "read", value: 4096 },
      { op: "write", value: 8192 },
    ],
  },
};

describe("containerStats", () => {
  it("takes cgroup v1", () => {
    assert.deepEqual(containerStats(one), {
      cpu_usage: 20,
      memory_usage: 16_000_000,
      memory_limit: 64_000_000,
      memory_percentage: 25,
      network_rx_bytes: 11,
      network_tx_bytes: 22,
      block_read_bytes: 4096,
      block_write_bytes: 8192,
      pids: 3,
    });
  });

  it("takes cgroup v2", () => {
    assert.deepEqual(containerStats(two), { ...containerStats(one), cpu_usage: 40 });
  });

  it("counts processors by their list where their number is not told", () => {
    const { online_cpus: _, ...cpu } = one.cpu_stats ?? {};
    assert.equal(containerStats({ ...one, cpu_stats: cpu }).cpu_usage, 20);
  });

  it("answers 0 for what is missing", () => {
    const nothing = { cpu_usage: 0, memory_usage: 0, memory_limit: 0, memory_percentage: 0, pids: 0 };
    const stopped: RawStats = { cpu_stats: {}, precpu_stats: {}, memory_stats: {}, blkio_stats: { io_service_bytes_recursive: null } };
    for (const raw of [{}, stopped])
      assert.deepEqual(containerStats(raw), {
        ...nothing,
        network_rx_bytes: 0,
        network_tx_bytes: 0,
        block_read_bytes: 0,
        block_write_bytes: 0,
      });
    const { precpu_stats: _, ...first } = one;
    assert.equal(containerStats(first).cpu_usage, 0);
  });
});
