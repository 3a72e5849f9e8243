/**
 * `npm run test:long -- log-scale [--small 10000] [--large 1000000] [--rounds 15]`: the first page of every indexed query over many entries
 * takes at most three times as long as over few, measured side by side. Its short form, 100,000, is part of `npm test`.
 */
import { parseArgs } from "node:util";
import type { LogQuery } from "../../packages/platform/src/contract.ts";
import { LogBed } from "../../packages/platform/src/processors/logs/testing/log-bed.ts";
import type { Logs } from "../../packages/platform/src/processors/logs/logs.ts";

export interface ScaleOptions {
  readonly small: number;
  readonly large: number;
  readonly rounds: number;
  readonly report: (line: string) => void;
}

const MOST_TIMES = 3;
const DAY = 86_400_000;
const CHUNK = 2_000;

const QUERIES: readonly LogQuery[] = [
  { ip: "10.0.1.7" },
  { host: "host-3.example" },
  { client: "client-11" },
  { user: "user-42" },
  { status: "503" },
  { status: "5xx" },
  { status_min: 400, status_max: 499 },
  { method: "DELETE" },
  { path: "/orders/17" },
  { level: "error" },
  { level: "info" },
  { component: "component-5" },
  { trace: "0000000000000000000000000000002a" },
  { event: "service_started" },
  { host: "host-3.example", status: "5xx" },
];

/** Answers what was too slow. */
export async function scale({ small, large, rounds, report }: ScaleOptions): Promise<string[]> {
  await using few = await filled(small, report);
  await using many = await filled(large, report);
  const problems: string[] = [];
  for (const query of QUERIES) {
    const [a, b] = await medians(few.logs, many.logs, query, rounds);
    const line = `${JSON.stringify(query)}: ${a.toFixed(2)} ms of ${small}, ${b.toFixed(2)} ms of ${large}, ${(b / a).toFixed(2)}×`;
    report(line);
    if (b / a > MOST_TIMES) problems.push(line);
  }
  return problems;
}

// Private

interface Filled extends AsyncDisposable {
  readonly logs: Logs;
}

async function filled(count: number, report: (line: string) => void): Promise<Filled> {
  await using stack = new AsyncDisposableStack();
  const bed = stack.use(await LogBed.open());
  const now = Date.now() - 1_000;
  let began = performance.now();
  for (let from = 0; from < count; from += CHUNK)
    await bed.write(
      Array.from({ length: Math.min(CHUNK, count - from) }, (_, n) => entryOf(from + n, now - DAY + ((from + n) / count) * DAY)),
    );
  const written = performance.now() - began;
  const before = await memory(bed);
  began = performance.now();
  const index = await bed.index();
  await bed.indexed();
  const seconds = (performance.now() - began) / 1000;
  const bytes = ((await memory(bed)) - before) / count;
  report(`${count} entries: written in ${(written / 1000).toFixed(1)} s, indexed in ${seconds.toFixed(1)} s`);
  report(`${count} entries: ${(before / count).toFixed(0)} bytes each in the stream, ${bytes.toFixed(0)} in the index`);
  const held = stack.move();
  return { logs: index.logs, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** In the form of record.ts; one in fifty is an event. */
function entryOf(n: number, at: number): Parameters<LogBed["write"]>[0][number] {
  const id = `${Math.floor(at)}-${n % 1_000}`;
  const component = `component-${n % 20}`;
  const trace = (n % 5_000).toString(16).padStart(32, "0");
  if (n % 50 === 49)
    return { id, event_type: n % 100 === 49 ? "service_started" : "service_stopped", component, trace_id: trace, data: { service: "a" } };
  const status = n % 97 === 0 ? 503 : n % 31 === 0 ? 404 : 200;
  const data = {
    log_type: "http_response",
    message: `answered ${status}`,
    service: "bench",
    method: n % 40 === 0 ? "DELETE" : "GET",
    path: `/orders/${n % 211}`,
    host: `host-${n % 10}.example`,
    ip: `10.0.${n % 4}.${n % 251}`,
    client: `client-${n % 30}`,
    user: `user-${n % 300}`,
    status,
    duration_ms: 5 + (n % 100),
    bytes_out: 1_024,
  };
  return { id, level: status === 503 ? "error" : "info", component, trace_id: trace, data };
}

async function memory(bed: LogBed): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(String(await bed.ask("INFO", "memory")))?.[1]);
}

/** In turns, so that what else the machine does meets both. */
async function medians(few: Logs, many: Logs, query: LogQuery, rounds: number): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++)
    for (const [at, logs] of [few, many].entries()) {
      const began = performance.now();
      const { logs: found } = await logs.search({ ...query, hours: 48, limit: 20 });
      // The first one loads scripts.
      if (round > 0) times[at]?.push(performance.now() - began);
      if (found.length === 0) throw new Error(`${JSON.stringify(query)} found nothing`);
    }
  return [median(times[0]), median(times[1])];
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

if (import.meta.main) {
  const text = (value: string) => ({ type: "string", default: value }) as const;
  const { values } = parseArgs({ options: { small: text("10000"), large: text("1000000"), rounds: text("15") } });
  const report = (line: string): void => void process.stdout.write(`${line}\n`);
  const problems = await scale({ small: Number(values.small), large: Number(values.large), rounds: Number(values.rounds), report });
  for (const problem of problems) report(`log-scale: FAILED  ${problem}`);
  if (problems.length === 0) report("log-scale: passed");
  process.exitCode = problems.length === 0 ? 0 : 1;
}
