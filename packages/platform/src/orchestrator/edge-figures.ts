/** What several edge workers report, as one. Pure. A worker may be a release behind while it is exchanged, so nothing of its report is taken for granted. */
import { join } from "node:path";
import type { EdgeReport } from "@tidegate/gateway";
import type { EdgeFigures } from "../contract.ts";

export function figuresOf(reports: readonly EdgeReport[], expected: number, dataFolder: string): EdgeFigures {
  const http = reports.flatMap((report) => (report.http as EdgeReport["http"] | undefined) ?? []);
  return {
    workers: reports.length,
    expected,
    urls: distinct(http.flatMap(({ listening }) => listening)),
    ports: distinct(reports.flatMap(({ listening }) => listening)),
    failed: [
      ...http.flatMap(({ failed }) => failed.map(({ url, why }) => ({ place: url, why }))),
      ...reports.flatMap(({ failed }) => failed.map(({ port, why }) => ({ place: `port ${port}`, why }))),
      ...leftOut(http),
    ],
    connections: sum(http.map(({ connections }) => connections)) + sum(reports.flatMap(({ connections }) => Object.values(connections))),
    tunnels: sum(http.map(({ tunnels }) => tunnels)),
    requests: sum(http.map(({ requests }) => requests)),
    held: sum(http.map(({ held }) => held)) + sum(reports.map(({ held }) => held)),
    statuses: added(http.map(({ statuses }) => statuses)),
    refused: added(http.map(({ refused }) => refused)),
    unrecorded: sum(http.map(({ unrecorded }) => unrecorded)),
    upstream_connections: sum(http.map(({ upstreams }) => (upstreams as Upstreams | undefined)?.connections ?? 0)),
    upstream_waiting: sum(http.map(({ upstreams }) => (upstreams as Upstreams | undefined)?.waiting ?? 0)),
    local_authority: join(dataFolder, "local-ca", "ca.pem"),
  };
}

// Private

const LOST = "Redis has lost the targets, and those known last are served; import an export, or make them anew";

type Upstreams = EdgeReport["http"]["upstreams"];

/** Each once: all workers read the same store. */
function leftOut(http: readonly Partial<EdgeReport["http"]>[]): { readonly place: string; readonly why: string }[] {
  const found = http.flatMap(({ unusable = [] }) =>
    unusable.map(({ kind, name, why }) => [`the ${kind.replace("_", " ")} ${name}`, why] as const),
  );
  const lost = http.some((one) => one.lost === true) ? [{ place: "what the store holds now", why: LOST }] : [];
  return [...lost, ...[...new Map(found)].map(([place, why]) => ({ place, why }))];
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function added(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((one) => Object.entries(one))) total[name] = (total[name] ?? 0) + count;
  return total;
}
