/** `tidegate trace`: traces as they are stored, and one of them as a waterfall. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Trace, TraceQuery, TraceSummary } from "@tidegate/streams";
import { PlatformError } from "../errors.ts";
import { isTraceId } from "../why/why.ts";
import { span, time, wholeNumber } from "./numbers.ts";
import { ago, counted, facts, line, paint, printable, printJson, table, type Column } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";
import { waterfall } from "./waterfall.ts";

interface ListFlags {
  readonly component?: string;
  readonly operation?: string;
  readonly status?: NonNullable<TraceQuery["status"]>;
  readonly minDuration?: number;
  readonly maxDuration?: number;
  readonly since?: number;
  readonly until?: number;
  readonly attribute?: Record<string, string>;
  readonly limit: number;
}

export function traceCommand(): Command {
  const trace = new Command("trace").description("What a request or message caused, from the edge to the last handler.");
  trace
    .command("ls")
    .description("List traces, newest first.")
    .option("--component <name>", "with a span of this component")
    .option("--operation <name>", "with a span of this name")
    .addOption(new Option("--status <status>", "how it ended").choices(["ok", "error", "interrupted", "running"]))
    .option("--min-duration <time>", "at least so long: 250 (ms), 1.5s", span)
    .option("--max-duration <time>", "at most so long", span)
    .option("--since <time>", "begun since: 2026-01-31T08:00, or 30m, 12h for so long ago", time)
    .option("--until <time>", "begun until", time)
    .option("--attribute <name:value>", "with this attribute of a span; may be repeated", attribute)
    .option("--limit <n>", "at most this many", wholeNumber(1, 10_000), 20)
    .action(list);
  trace.command("show").description("One trace as a waterfall.").argument("<id>", "32 hex digits").action(show);
  return trace;
}

// Private

const COLUMNS: readonly Column<TraceSummary>[] = [
  { title: "TRACE", value: ({ traceId }) => traceId },
  { title: "STARTED", value: ({ startedAt }) => ago(startedAt) },
  { title: "TIME", value: ({ duration }) => `${Math.round(duration)} ms`, right: true },
  { title: "STATUS", value: ({ status }) => status },
  { title: "SPANS", value: ({ spans }) => spans, right: true },
  { title: "OPERATION", value: ({ operation }) => operation },
  { title: "COMPONENTS", value: ({ components }) => components.join(", ") },
];

async function list(flags: ListFlags, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const found: TraceSummary[] = [];
  let query = queryOf(flags);
  // A page may be empty although more match: each call looks at a bounded number.
  for (;;) {
    const { items, next } = await tide.traces.list(query);
    found.push(...items);
    if (next === null || found.length >= flags.limit) break;
    query = { ...query, cursor: next };
  }
  const shown = found.slice(0, flags.limit);
  if (settings.json) shown.forEach(printJson);
  else if (shown.length === 0) line("No such traces. They are kept for a day; what is fast and went well may be left out by sampling.");
  else table(shown, COLUMNS);
}

function queryOf(flags: ListFlags): TraceQuery {
  const { component, operation, status, minDuration, maxDuration, since, until, limit } = flags;
  return {
    limit: Math.min(limit, 500),
    ...(component === undefined ? {} : { component }),
    ...(operation === undefined ? {} : { operation }),
    ...(status === undefined ? {} : { status }),
    ...(minDuration === undefined ? {} : { minDuration }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
    ...(flags.attribute === undefined ? {} : { attributes: flags.attribute }),
  };
}

function attribute(text: string, before: Record<string, string> = {}): Record<string, string> {
  const colon = text.indexOf(":");
  if (colon < 1) throw new InvalidArgumentError("It must be a name and a value: topic:orders");
  return { ...before, [text.slice(0, colon)]: text.slice(colon + 1) };
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  if (!isTraceId(id))
    throw new PlatformError("USAGE", `${JSON.stringify(id)} is not a trace id.`, {
      hint: "It has 32 hex digits. A message's trace is in: tidegate message history <id>",
    });
  await using tide = await openTide(settings);
  const trace = await tide.traces.get(id.toLowerCase());
  if (trace === null)
    throw new PlatformError("NOT_FOUND", `There is no trace ${id}.`, {
      hint: "Traces are kept for a day; some are left out by sampling. See what is there: tidegate trace ls",
    });
  if (settings.json) printJson(trace);
  else page(trace);
}

function page(trace: Trace): void {
  const { traceId, operation, startedAt, duration, status, components } = trace;
  facts([
    ["trace", traceId],
    ["operation", operation],
    ["started", `${new Date(startedAt).toISOString()} (${ago(startedAt)})`],
    ["took", `${Math.round(duration * 10) / 10} ms, ${status}`],
    ["spans", `${counted(trace.spans, "span")} over ${components.join(", ")}`],
  ]);
  line("");
  const width = process.stdout.isTTY ? Math.min(160, Math.max(60, process.stdout.columns ?? 80)) : 80;
  for (const { label, bar, duration: took, status: ended, error } of waterfall(trace, width)) {
    const colour = ended === "error" ? "red" : ended === "ok" ? "green" : "yellow";
    line(`${printable(label)} ${paint(colour, bar)} ${took}`);
    if (error !== null) line(paint("red", printable(error)));
  }
  if (trace.dropped > 0) line(paint("dim", `${counted(trace.dropped, "span")} more did not fit.`));
}
