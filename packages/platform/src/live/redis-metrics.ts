/** The server's INFO as the figures of `GET /api/metrics`. A field the server does not have reads as 0. */
import type { RedisMetrics } from "../contract.ts";

type Info = Readonly<Record<string, string>>;

export function redisMetrics(info: Info): RedisMetrics {
  return {
    memory: memory(info),
    connections: {
      connected_clients: count(info, "connected_clients"),
      total_connections_received: count(info, "total_connections_received"),
      total_commands_processed: count(info, "total_commands_processed"),
    },
    performance: performance(info),
    persistence: persistence(info),
    uptime_seconds: count(info, "uptime_in_seconds"),
    redis_version: info["valkey_version"] ?? info["redis_version"] ?? "unknown",
    server: info["server_name"] ?? "redis",
  };
}

// Private

function memory(info: Info): RedisMetrics["memory"] {
  return {
    used_memory: count(info, "used_memory"),
    used_memory_human: info["used_memory_human"] ?? "0B",
    used_memory_peak: count(info, "used_memory_peak"),
    used_memory_peak_human: info["used_memory_peak_human"] ?? "0B",
    maxmemory: count(info, "maxmemory"),
  };
}

function performance(info: Info): RedisMetrics["performance"] {
  const [hits, misses] = [count(info, "keyspace_hits"), count(info, "keyspace_misses")];
  const asked = hits + misses;
  return {
    instantaneous_ops_per_sec: count(info, "instantaneous_ops_per_sec"),
    keyspace_hits: hits,
    keyspace_misses: misses,
    hit_ratio: asked === 0 ? 0 : Math.round((hits / asked) * 10_000) / 100,
  };
}

function persistence(info: Info): RedisMetrics["persistence"] {
  const aof = info["aof_enabled"] === "1";
  const written = [info["rdb_last_bgsave_status"], ...(aof ? [info["aof_last_write_status"], info["aof_last_bgrewrite_status"]] : [])];
  return {
    aof_enabled: aof,
    aof_delayed_fsync: count(info, "aof_delayed_fsync"),
    rdb_last_save_time: count(info, "rdb_last_save_time") * 1000,
    last_write_ok: written.every((status) => status === undefined || status === "ok"),
  };
}

function count(info: Info, field: string): number {
  const value = Number(info[field]);
  return Number.isFinite(value) ? value : 0;
}
