/** What the figures say, held against what was sent. */
import type { RedisClientType } from "@redis/client";
import { StreamsConnection } from "../../packages/platform/src/orchestrator/streams-connection.ts";
import { MetricsView } from "../../packages/platform/src/processors/metrics/metrics-view.ts";
import { PlatformKeys } from "../../packages/platform/src/redis/keys.ts";
import type { MetricName } from "../../packages/platform/src/contract.ts";
import { HOSTS, type Sent } from "./telemetry-requests.ts";

export async function checkFigures(client: RedisClientType, url: string, sent: Sent): Promise<string[]> {
  const streams = new StreamsConnection({ url, namespace: "faults", retention: false });
  await streams.start(AbortSignal.timeout(10_000));
  try {
    const metrics = new MetricsView({ streams, keys: new PlatformKeys("faults", "") }, () => Promise.resolve([]));
    const text = await metrics.exposition();
    return [
      ...checkTotals(text, sent),
      ...(await checkHours(client, sent)),
      ...(await checkSeries(metrics, sent)),
      ...(await checkGroup(client)),
    ];
  } finally {
    await streams.stop();
  }
}

// Private

function checkTotals(text: string, sent: Sent): string[] {
  const problems: string[] = [];
  for (const [kind, count] of sent.classes) {
    const [host, status] = kind.split(" ");
    const line = `tidegate_http_requests_total{host="${host}",status_class="${status}"} ${count}\n`;
    if (!text.includes(line)) problems.push(`${kind}: ${count} sent, Prometheus says ${lineOf(text, line.slice(0, line.indexOf("}")))}`);
  }
  for (const host of HOSTS) {
    const line = `tidegate_http_request_duration_seconds_count{host="${host}"} ${sent.durations.get(host)?.length ?? 0}\n`;
    if (!text.includes(line)) problems.push(`${host}: not ${line.trim()} but ${lineOf(text, line.slice(0, line.indexOf("}")))}`);
  }
  const bytes = [...text.matchAll(/^tidegate_http_response_bytes_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  return bytes === sent.bytes ? problems : [...problems, `${sent.bytes} bytes sent, ${bytes} counted`];
}

function lineOf(text: string, beginning: string): string {
  return text.split("\n").find((line) => line.startsWith(beginning)) ?? "nothing";
}

/** The hashes of the earlier systems: an hour may have ended meanwhile. */
async function checkHours(client: RedisClientType, sent: Sent): Promise<string[]> {
  const problems: string[] = [];
  for (const host of [...HOSTS, "*"]) {
    const names = (await client.keys(`metrics:${host.replace("*", "[*]")}:????????:??`)).toSorted();
    let counted = 0;
    for (const name of names) counted += Number(await client.hGet(name, "request_count"));
    const right = host === "*" ? sum([...sent.durations.values()].map((all) => all.length)) : (sent.durations.get(host)?.length ?? 0);
    if (counted !== right) problems.push(`${host}: ${right} sent, the hours' hashes say ${counted}`);
  }
  return problems;
}

async function checkSeries(metrics: MetricsView, sent: Sent): Promise<string[]> {
  const problems: string[] = [];
  const value = async (metric: MetricName, subject: string): Promise<number[]> => {
    const range = { from: Date.now() - 5_400_000, to: Date.now(), step: 60 } as const;
    const { series } = await metrics.series({ metric, subject, ...range });
    return (series[0]?.values ?? []).filter((one) => one !== null);
  };
  for (const host of HOSTS) {
    const durations = (sent.durations.get(host) ?? []).toSorted((one, other) => one - other);
    const highest = Math.max(...(await value("http_max", host)));
    const right = durations.at(-1) ?? 0;
    if (Math.abs(highest - right) > right * 0.031) problems.push(`${host}: the longest took ${right} ms, the series says ${highest}`);
    const visitors = Math.max(...(await value("http_visitors", host)));
    const different = sent.visitors.get(host)?.size ?? 0;
    if (Math.abs(visitors - different) > different * 0.05) problems.push(`${host}: ${different} visitors, the series says ${visitors}`);
  }
  return problems;
}

async function checkGroup(client: RedisClientType): Promise<string[]> {
  const groups = await client.xInfoGroups("logs:request:stream");
  return groups.flatMap(({ name, lag }) => (name === "metrics-group" && Number(lag) !== 0 ? [`XINFO GROUPS says lag ${String(lag)}`] : []));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
