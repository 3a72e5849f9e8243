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
    ],
    connections: sum(http.map(({ connections }) => connections)) + sum(reports.flatMap(({ connections }) => Object.values(connections))),
    tunnels: sum(http.map(({ tunnels }) => tunnels)),
    requests: sum(http.map(({ requests }) => requests)),
    held: sum(http.map(({ held }) => held)) + sum(reports.map(({ held }) => held)),
    statuses: added(http.map(({ statuses }) => statuses)),
    refused: added(http.map(({ refused }) => refused)),
    unrecorded: sum(http.map(({ unrecorded }) => unrecorded)),
    local_authority: join(dataFolder, "local-ca", "ca.pem"),
  };
}

// Private

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
