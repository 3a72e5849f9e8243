/** `tidegate log stats`: the last hours in one page. */
import { Command } from "commander";
import type { LogStatsAnswer } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { count, facts, line, paint, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";

export function logStatsCommand(): Command {
  return new Command("stats")
    .description("Requests, errors, response times, visitors, paths, hosts and components of the last hours.")
    .option("--hours <n>", "how many", wholeNumber(1, 168), 24)
    .action(async (flags: { hours: number }, command: Command) => {
      const stats = (await askInstance(runningInstance(), "/api/v1/logs/stats", { query: { hours: flags.hours } })) as LogStatsAnswer;
      if (settingsOf(command).json) printJson(stats);
      else page(stats);
    });
}

// Private

const SHOWN = 10;

function page(stats: LogStatsAnswer): void {
  const { response_time: time } = stats;
  facts([
    ["hours", stats.hours],
    ["entries", count(stats.total)],
    ["levels", counts(stats.levels)],
    ["requests", count(stats.requests)],
    ["errors", `${stats.error_rate} % from 500, ${stats.client_error_rate} % from 400`],
    ["status codes", counts(stats.status_codes)],
    ["response time", `avg ${ms(time.avg)}, p50 ${ms(time.p50)}, p95 ${ms(time.p95)}, p99 ${ms(time.p99)}`],
    ["visitors", count(stats.unique_visitors)],
    ["bytes", `${count(stats.bytes_in)} in, ${count(stats.bytes_out)} out`],
  ]);
  section("Paths", stats.top_paths, [
    { title: "PATH", value: (row) => row.path },
    { title: "REQUESTS", value: (row) => count(row.requests), right: true },
    { title: "ERRORS", value: (row) => count(row.errors), right: true },
    { title: "P95", value: (row) => ms(row.p95), right: true },
  ]);
  section("Hosts", stats.hosts, [
    { title: "HOST", value: (row) => row.host },
    { title: "REQUESTS", value: (row) => count(row.requests), right: true },
    { title: "ERRORS", value: (row) => `${row.error_rate} %`, right: true },
    { title: "VISITORS", value: (row) => count(row.unique_visitors), right: true },
  ]);
  section("Components", stats.components, [
    { title: "COMPONENT", value: (row) => row.component },
    { title: "ENTRIES", value: (row) => count(row.entries), right: true },
    { title: "ERRORS", value: (row) => count(row.errors), right: true },
  ]);
}

function section<T>(title: string, rows: readonly T[], columns: Parameters<typeof table<T>>[1]): void {
  if (rows.length === 0) return;
  line(`\n${paint("bold", title)}`);
  table(rows.slice(0, SHOWN), columns);
  if (rows.length > SHOWN) line(paint("dim", `and ${rows.length - SHOWN} more: --json`));
}

function counts(found: Readonly<Record<string, number>>): string {
  const words = Object.entries(found).map(([name, times]) => `${name} ${count(times)}`);
  return words.length === 0 ? "-" : words.join(", ");
}

function ms(value: number | null): string {
  return value === null ? "-" : `${value} ms`;
}
