/** What a stretch of time cost a Redis: CPU, connections, and commands per second by kind, from its own counters. */
import { now } from "./effects.ts";
import { withRedis } from "./stage.ts";

export interface RedisCost {
  readonly seconds: number;
  /** Share of one core. */
  readonly cpu: number;
  readonly connections: number;
  /** Per second, most frequent first. */
  readonly commands: ReadonlyMap<string, number>;
}

export async function costOf<T>(url: string, act: () => Promise<T>): Promise<{ result: T; cost: RedisCost }> {
  const before = await counters(url);
  const from = now();
  const result = await act();
  const seconds = (now() - from) / 1_000;
  const after = await counters(url);
  const rates = [...after.calls].map(([name, calls]) => [name, (calls - (before.calls.get(name) ?? 0)) / seconds] as const);
  const commands = new Map(rates.filter(([, rate]) => rate >= 0.05).sort(([, one], [, other]) => other - one));
  return { result, cost: { seconds, cpu: (after.cpu - before.cpu) / seconds, connections: after.connections, commands } };
}

export function describe({ cpu, connections, commands }: RedisCost): string {
  const sum = [...commands.values()].reduce((total, rate) => total + rate, 0);
  const kinds = [...commands].slice(0, 14).map(([name, rate]) => `${name} ${rate.toFixed(1)}`);
  return `${Math.round(cpu * 100)} % CPU, ${connections} connections, ${Math.round(sum)} commands/s (${kinds.join(", ")})`;
}

// Private

async function counters(url: string): Promise<{ cpu: number; connections: number; calls: Map<string, number> }> {
  const info = String(await withRedis(url, (call) => call("INFO", "everything")));
  const field = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1] ?? 0);
  const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map((found) => [found[1] ?? "", Number(found[2])] as const);
  return { cpu: field("used_cpu_user") + field("used_cpu_sys"), connections: field("connected_clients"), calls: new Map(calls) };
}
