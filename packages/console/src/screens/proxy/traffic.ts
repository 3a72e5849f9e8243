/** What came in for a host in the last minutes. A wildcard has what its names have together. Pure. */
import type { OrchestratorMetricsAnswer } from "tidegate/contract";

export interface Traffic {
  /** In five minutes. */
  readonly requests: number;
  /** Percent of answers with status 500 and above. */
  readonly errors: number;
  /** Milliseconds; of several names the worst. */
  readonly p95: number | null;
}

export function trafficOf(host: string, all: OrchestratorMetricsAnswer["http"]): Traffic | null {
  const own = all.filter((one) => takes(host, one.host));
  if (own.length === 0) return null;
  const requests = own.reduce((sum, one) => sum + one.requests, 0);
  const failing = own.reduce((sum, one) => sum + one.requests * one.error_rate, 0);
  const times = own.flatMap(({ p95 }) => p95 ?? []);
  return { requests, errors: requests === 0 ? 0 : failing / requests, p95: times.length === 0 ? null : Math.max(...times) };
}

/** `*.app.example` has one label more. */
function takes(host: string, name: string): boolean {
  if (!host.startsWith("*.")) return name === host;
  const rest = host.slice(1);
  return name.endsWith(rest) && !name.slice(0, -rest.length).includes(".");
}
