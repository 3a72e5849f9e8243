/** What the container uses: figures of the moment and the last minutes, for as long as the page is open. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { ServiceAnswer, ServiceStatsAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { Strip } from "../../charts/strip.tsx";
import { bytes } from "../../format.ts";
import { WINDOW } from "../../live/samples.ts";
import { Facts } from "../../parts/table.tsx";

const every = 5000;

interface Sample {
  at: number;
  stats: ServiceStatsAnswer;
}

export function ServiceStats({ service }: { service: ServiceAnswer }): JSX.Element | null {
  const runs = service.status === "running" || service.status === "paused" || service.status === "updating";
  const path = `/api/v1/services/${encodeURIComponent(service.service_name)}/stats`;
  const { data } = useResource<ServiceStatsAnswer>(runs ? path : null, every);
  const samples = useSamples(data);
  if (!runs || !data) return null;
  const times = samples.map((s) => s.at);
  return (
    <>
      <h2>Use</h2>
      <Facts
        facts={[
          { label: "CPU", value: `${data.cpu_usage.toFixed(1)} %` },
          { label: "Memory", value: `${bytes(data.memory_usage)} of ${bytes(data.memory_limit)}` },
          { label: "Network in, out", value: `${bytes(data.network_rx_bytes)}, ${bytes(data.network_tx_bytes)}` },
          { label: "Disk read, written", value: `${bytes(data.block_read_bytes)}, ${bytes(data.block_write_bytes)}` },
          { label: "Processes", value: `${data.pids} of ${service.pids_limit}` },
        ]}
      />
      <div class="strips">
        <Strip
          title="CPU"
          times={times}
          format={(v) => `${v.toFixed(1)} %`}
          series={[{ label: "of one processor", values: samples.map((s) => s.stats.cpu_usage) }]}
        />
        <Strip title="Memory" times={times} format={bytes} series={[{ label: "used", values: samples.map((s) => s.stats.memory_usage) }]} />
      </div>
    </>
  );
}

function useSamples(stats: ServiceStatsAnswer | null): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (stats === null) return;
    const at = Date.now();
    setSamples((old) => [...old.filter((s) => s.at > at - WINDOW), { at, stats }]);
  }, [stats]);
  return samples;
}
