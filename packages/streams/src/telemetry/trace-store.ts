/** Stored traces: reading and querying. */
import type { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { record } from "../redis/shapes.ts";
import type { Interrupted } from "./interrupted.ts";
import { decodeSpan } from "./span-record.ts";
import type { SpanRecord, Trace, TracePage, TraceQuery, Traces } from "./telemetry.ts";
import { TraceQueries } from "./trace-queries.ts";
import { SUMMARY_MARK, summaryOf } from "./trace-summary.ts";

export interface TraceStoreDeps {
  readonly link: Link;
  readonly keys: TelemetryKeys;
  readonly interrupted: Interrupted;
}

export class TraceStore implements Traces {
  readonly #deps: TraceStoreDeps;
  readonly #queries: TraceQueries;

  constructor(deps: TraceStoreDeps) {
    this.#deps = deps;
    this.#queries = new TraceQueries(deps.link, deps.keys);
  }

  async get(traceId: string): Promise<Trace | null> {
    await this.#deps.interrupted.beforeReading();
    const fields = record(await this.#deps.link.ask(["HGETALL", this.#deps.keys.trace(traceId)]));
    const summary = summaryOf(traceId, fields);
    if (summary === null) return null;
    return { ...summary, records: spansOf(fields), dropped: Number(fields[`${SUMMARY_MARK}dropped`] ?? 0) };
  }

  async list(query: TraceQuery = {}): Promise<TracePage> {
    await this.#deps.interrupted.beforeReading();
    return await this.#queries.page(query);
  }
}

// Private

function spansOf(fields: Readonly<Record<string, string>>): SpanRecord[] {
  const spans: SpanRecord[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const span = name.startsWith(SUMMARY_MARK) ? null : decodeSpan(name, value);
    if (span !== null) spans.push(span);
  }
  const depths = depthsOf(spans);
  return spans.toSorted((a, b) => a.startedAt - b.startedAt || (depths.get(a.spanId) ?? 0) - (depths.get(b.spanId) ?? 0));
}

/** Of two that began in the same moment, the one that caused the other stands first. */
function depthsOf(spans: readonly SpanRecord[]): ReadonlyMap<string, number> {
  const parents = new Map(spans.map(({ spanId, parentId }) => [spanId, parentId]));
  const depths = new Map<string, number>();
  for (const { spanId } of spans) {
    const path: string[] = [];
    for (
      let at: string | null = spanId;
      at !== null && parents.has(at) && !depths.has(at) && !path.includes(at);
      at = parents.get(at) ?? null
    )
      path.push(at);
    let depth = depths.get(parents.get(path.at(-1) ?? "") ?? "") ?? 0;
    for (const id of path.toReversed()) depths.set(id, ++depth);
  }
  return depths;
}
