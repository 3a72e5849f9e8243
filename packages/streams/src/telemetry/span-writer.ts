/**
 * Writes spans to Redis in windows: bounded, in order, one script call per trace of a window, repeated until it has arrived. The script
 * knows each span by its id, so that repeating harms nothing. What did not fit or was refused is counted.
 */
import type { Clock } from "../clock.ts";
import type { TelemetryKeys } from "../keys.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Notice } from "../tide.ts";
import type { Redactor } from "./redact.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import type { LiveSpan } from "./span.ts";
import { encodeSpan, type EncodedSpan } from "./span-record.ts";
import { indexesOf } from "./trace-indexes.ts";
import { Window } from "./window.ts";

export interface SpanWriterDeps {
  /** Made at the first span. */
  readonly open: () => Link;
  readonly scripts: Scripts;
  readonly clock: Clock;
  readonly keys: TelemetryKeys;
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  /** Names this process among those whose spans run, and says how long it may be silent. */
  readonly process: string;
  readonly redactor: Redactor;
  readonly notice: (notice: Notice) => void;
}

/** A span of a window, with what a trace's summary takes from the first span of its process. */
interface Waiting extends EncodedSpan {
  readonly traceId: string;
  readonly indexes: readonly string[];
  readonly head: { readonly start: string; readonly name: string; readonly component: string; readonly root: boolean };
}

export class SpanWriter {
  readonly #deps: SpanWriterDeps;
  readonly #window: Window<Waiting>;
  #written = 0;
  #dropped = 0;
  #complained = false;

  constructor(deps: SpanWriterDeps) {
    this.#deps = deps;
    const { clock, settings } = deps;
    this.#window = new Window({
      clock,
      every: settings.window,
      most: settings.batch,
      capacity: settings.buffer,
      capacityBytes: settings.bufferBytes,
      send: (batch) => this.#send(batch),
      onDropped: ({ state }) => this.drop(state === "open" ? 0 : 1),
    });
  }

  /** An ended span, or one that shall be seen running. */
  write(span: LiveSpan): void {
    const encoded = encodeSpan(span, this.#deps.service, this.#deps.redactor);
    const indexes = indexesOf(span.component, span.name, span.attributes);
    this.#window.add({ ...encoded, traceId: span.traceId, indexes, head: headOf(span) }, encoded.json.length + OVERHEAD);
  }

  drop(spans: number): void {
    this.#dropped += spans;
  }

  stats(): { spansWritten: number; spansDropped: number } {
    return { spansWritten: this.#written, spansDropped: this.#dropped };
  }

  flush(): Promise<void> {
    return this.#window.flush();
  }

  close(limit: number): Promise<void> {
    return this.#window.close(limit);
  }

  // Private

  async #send(batch: readonly Waiting[]): Promise<void> {
    const link = this.#deps.open();
    await link.whenUp(PATIENCE);
    const traces = [...Map.groupBy(batch, ({ traceId }) => traceId)];
    const results = await Promise.allSettled(traces.map(([traceId, spans]) => this.#store(link, traceId, spans)));
    const failures = results.flatMap((result, index) =>
      result.status === "rejected" ? [{ reason: result.reason as unknown, spans: traces[index]?.[1] ?? [] }] : [],
    );
    const lost = failures.find(({ reason }) => !isRefusal(reason));
    if (lost !== undefined) throw lost.reason;
    const refused = failures.reduce((sum, { spans }) => sum + ended(spans), 0);
    if (failures[0] !== undefined) this.#refused(failures[0].reason as RedisFault);
    this.#dropped += refused;
    this.#written += ended(batch) - refused;
  }

  #store(link: Link, traceId: string, spans: readonly Waiting[]): Promise<unknown> {
    const { scripts, keys, settings, process } = this.#deps;
    const { ttl, most, spans: limit } = settings.traces;
    const head = headOfAll(spans);
    const indexes = new Set<string>();
    for (const span of spans) for (const index of span.indexes) indexes.add(index);
    const names = [keys.trace(traceId), keys.traces("all"), keys.traces("processes"), keys.traces(`open:${process}`)];
    const limits = [ttl, most, limit].map(String);
    const about = [head.start, head.name, head.component, head.root ? "1" : "0", String(indexes.size), ...indexes];
    const args = [traceId, keys.prefix, process, ...limits, ...about];
    for (const { spanId, state, start, end, json } of spans) args.push(spanId, state, start, end, json);
    return scripts.run(link, "trace-write", names, args);
  }

  #refused(fault: RedisFault): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#deps.notice({ level: "warning", code: "spans_refused", message: `Spans are not stored: ${fault.message}` });
  }
}

// Private

/** Milliseconds a window waits for the connection before it counts as failed. */
const PATIENCE = 1_000;
/** Bytes a waiting span takes beside its text. */
const OVERHEAD = 400;

function headOf({ local, startedAt, name, component, parentId }: LiveSpan): Waiting["head"] {
  const first = local.head;
  const [start, root] = first === null ? [startedAt, parentId === null] : [first.startedAt, first.parentId === null];
  return { start: String(Math.round(start * 1_000) / 1_000), name: first?.name ?? name, component: first?.component ?? component, root };
}

/** The trace's own beginning where it is among them, else the earliest. */
function headOfAll(spans: readonly Waiting[]): Waiting["head"] {
  const heads = spans.map(({ head }) => head);
  return heads.reduce((best, head) => ((head.root === best.root ? Number(head.start) < Number(best.start) : head.root) ? head : best));
}

function ended(spans: readonly Waiting[]): number {
  return spans.filter(({ state }) => state !== "open").length;
}

/** The server has said no, and would say it again. */
function isRefusal(reason: unknown): boolean {
  return reason instanceof RedisFault && (reason.reaction === "stop" || reason.reaction === "reject") && reason.code !== "CLOSED";
}
