/** How requests went over the chosen hours: how many, how many failed, how long they took. */
import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { METRICS } from "tidegate/contract";
import type { MetricName, MetricSeriesAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { Lines } from "../../charts/lines.tsx";

const shown = [
  { title: "Requests", metric: "http_request_rate" },
  { title: "Errors (5xx)", metric: "http_error_rate" },
  { title: "p95", metric: "http_p95" },
] as const satisfies readonly { title: string; metric: MetricName }[];

/** Finest step that is kept so long and still a chart. */
function stepOf(hours: number): number {
  return hours <= 1 ? 10 : hours <= 24 ? 60 : 3600;
}

export function LogSeries({ hours }: { hours: number }): JSX.Element {
  return (
    <div class="log-series">
      {shown.map(({ title, metric }) => (
        <Chart key={metric} title={title} metric={metric} hours={hours} />
      ))}
    </div>
  );
}

function Chart({ title, metric, hours }: { title: string; metric: MetricName; hours: number }): JSX.Element {
  const path = useMemo(() => {
    const from = Date.now() - hours * 3_600_000;
    return `/api/v1/metrics/series${queryOf({ metric, subject: "*", from, step: stepOf(hours) })}`;
  }, [metric, hours]);
  const { data, problem } = useResource<MetricSeriesAnswer>(path, 10_000);
  const { unit } = METRICS[metric];
  const lines = data?.series.map((one) => ({ ...one, subject: title, step: data.step })) ?? [];
  return (
    <section class="panel" aria-label={title}>
      <h2>
        {title} <small>{unit}</small>
      </h2>
      <div class="plot">
        {problem && <p class="faint">{problem.detail}</p>}
        {data && lines.length === 0 && <p class="faint">Nothing was measured in this time.</p>}
        {lines.length > 0 && <Lines label={title} series={lines} unit={` ${unit}`} />}
      </div>
    </section>
  );
}
