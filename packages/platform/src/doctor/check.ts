/** The shape of every check: one small function that looks at one thing and says how to mend it. */
import type { InstanceFile, Tide } from "@tidegate/streams";

export interface CheckResult {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  /** What was found, in words. */
  readonly found: string;
  /** What to do; always there unless the status is ok. */
  readonly fix?: string;
}

/** What checks of Redis look at. */
export interface RedisFacts {
  readonly tide: Tide;
  readonly info: Readonly<Record<string, string>>;
  /** Our clock when `info` was asked for and when it came, unix milliseconds. */
  readonly asked: number;
  readonly answered: number;
}

export interface MachineFacts {
  /** The nearest instance.json, null if there is none. */
  readonly instance: { readonly file: InstanceFile; readonly folder: string } | null;
  /** Whether its process lives. */
  readonly alive: boolean;
}

export type RedisCheck = (facts: RedisFacts) => CheckResult | Promise<CheckResult>;
export type MachineCheck = (facts: MachineFacts) => CheckResult | Promise<CheckResult>;

export function ok(name: string, found: string): CheckResult {
  return { name, status: "ok", found };
}

export function warn(name: string, found: string, fix: string): CheckResult {
  return { name, status: "warn", found, fix };
}

export function fail(name: string, found: string, fix: string): CheckResult {
  return { name, status: "fail", found, fix };
}

/** `1.5 GB`, binary units as Redis counts them. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}
