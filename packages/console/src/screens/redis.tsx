/** The server under everything: how busy, how full, and whether what it holds would survive a crash. */
import type { JSX } from "preact";
import type { RedisMetrics } from "tidegate/contract";
import { Strip } from "../charts/strip.tsx";
import { now } from "../clock.ts";
import { ago, bytes, count, duration, rate } from "../format.ts";
import { feed } from "../live/feed.ts";
import type { Sample } from "../live/samples.ts";
import { LiveLoading } from "../parts/live-loading.tsx";
import { Pill } from "../parts/marks.tsx";
import { Facts, type Fact } from "../parts/table.tsx";

export function RedisScreen(): JSX.Element {
  const metrics = feed.update.value?.metrics;
  return (
    <>
      <h1>Redis</h1>
      {!metrics ? (
        <LiveLoading />
      ) : (
        <>
          <Facts facts={facts(metrics)} />
          <Strips samples={feed.samples.value} />
          <h2>Persistence</h2>
          <Facts facts={persistence(metrics)} />
        </>
      )}
    </>
  );
}

function Strips({ samples }: { samples: readonly Sample[] }): JSX.Element {
  const times = samples.map((s) => s.at);
  const percent = (v: number) => `${Math.round(v)} %`;
  return (
    <div class="strips">
      <Strip
        title="Operations"
        times={times}
        format={(v) => `${rate(v)}/s`}
        series={[{ label: "commands", values: samples.map((s) => s.ops) }]}
      />
      <Strip title="Memory" times={times} format={bytes} series={[{ label: "used", values: samples.map((s) => s.memory) }]} />
      <Strip title="Clients" times={times} format={count} series={[{ label: "connected", values: samples.map((s) => s.clients) }]} />
      <Strip
        title="Hit ratio"
        times={times}
        format={percent}
        top={100}
        series={[{ label: "key lookups that found something", values: samples.map((s) => s.hitRatio) }]}
      />
    </div>
  );
}

function facts({ memory, connections, performance, server, redis_version, uptime_seconds }: RedisMetrics): Fact[] {
  const limit = memory.maxmemory > 0 ? `of ${bytes(memory.maxmemory)}` : "no limit set";
  return [
    { label: "Server", value: `${server} ${redis_version}` },
    { label: "Running for", value: duration(uptime_seconds * 1000) },
    { label: "Operations", value: `${rate(performance.instantaneous_ops_per_sec)}/s` },
    { label: "Clients", value: count(connections.connected_clients) },
    {
      label: "Memory",
      value: (
        <>
          {memory.used_memory_human} <span class="faint">{limit}</span>
        </>
      ),
    },
    { label: "Memory peak", value: memory.used_memory_peak_human },
    { label: "Hit ratio", value: `${performance.hit_ratio.toFixed(1)} %` },
    { label: "Commands so far", value: count(connections.total_commands_processed) },
  ];
}

function persistence({ persistence: p }: RedisMetrics): Fact[] {
  const saved = p.rdb_last_save_time > 1e12 ? p.rdb_last_save_time : p.rdb_last_save_time * 1000;
  return [
    { label: "Append-only file", value: <Pill tone={p.aof_enabled ? "good" : "warn"}>{p.aof_enabled ? "on" : "off"}</Pill> },
    { label: "Last write", value: <Pill tone={p.last_write_ok ? "good" : "bad"}>{p.last_write_ok ? "succeeded" : "failed"}</Pill> },
    { label: "Delayed syncs", value: count(p.aof_delayed_fsync) },
    { label: "Last snapshot", value: saved > 0 ? ago(saved, now.value) : "never" },
  ];
}
