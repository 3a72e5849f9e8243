/**
 * Sends kept spans to an OpenTelemetry collector: OTLP over HTTP as JSON, in batches, from a bounded buffer. What the collector may take
 * later (429, 502, 503, 504, no answer) goes again, no sooner than it asks for; everything else it says no to is dropped and counted.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import { pause, type Clock } from "../clock.ts";
import type { Notice } from "../tide.ts";
import { otlpRequest, otlpSpan } from "./otlp-span.ts";
import type { Redactor } from "./redact.ts";
import type { LiveSpan } from "./span.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import type { Attributes } from "./telemetry.ts";
import { Window } from "./window.ts";

export interface ExporterDeps {
  readonly collector: NonNullable<ResolvedTelemetry["otlp"]>;
  readonly clock: Clock;
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  readonly session: string;
  readonly redactor: Redactor;
  readonly notice: (notice: Notice) => void;
}

/** Milliseconds one request may take; OpenTelemetry's own default. */
const LIMIT = 10_000;
/** A collector that wants to be left alone for longer is asked after this long all the same. */
const LONGEST_WAIT = 60_000;
/** Bytes a waiting span takes beside its text. */
const OVERHEAD = 200;
const AGAIN = new Set([429, 502, 503, 504]);

export class SpanExporter {
  readonly #deps: ExporterDeps;
  readonly #window: Window<string>;
  readonly #resource: Attributes;
  readonly #over = new AbortController();
  /** On the monotonic clock: what the collector asked for. */
  #notBefore = 0;
  #exported = 0;
  #dropped = 0;
  #complained = false;
  readonly #untilFailure: (() => void)[] = [];

  constructor(deps: ExporterDeps) {
    this.#deps = deps;
    const { clock, settings, service, session } = deps;
    this.#resource = {
      "service.name": service,
      "service.instance.id": session,
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.name": "tidegate",
    };
    this.#window = new Window({
      clock,
      every: EVERY,
      most: settings.batch,
      capacity: settings.buffer,
      capacityBytes: settings.bufferBytes,
      send: (batch) =>
        this.#send(batch).catch((error: unknown) => {
          for (const give of this.#untilFailure.splice(0)) give();
          throw error;
        }),
      onDropped: () => this.#dropped++,
    });
  }

  add(span: LiveSpan): void {
    const text = otlpSpan(span, this.#deps.redactor);
    this.#window.add(text, text.length + OVERHEAD);
  }

  stats(): { spansExported: number; exportDropped: number } {
    return { spansExported: this.#exported, exportDropped: this.#dropped };
  }

  /** Waits for what was added so far, but not for a collector that does not take it now. */
  async flush(): Promise<void> {
    await Promise.race([this.#window.flush(), new Promise<void>((resolve) => this.#untilFailure.push(resolve))]);
  }

  /** Drains for at most `limit` ms; what is left then counts as dropped. */
  async close(limit: number): Promise<void> {
    await this.#window.close(limit);
    this.#over.abort();
  }

  // Private

  /** Rejects when the batch must go again. */
  async #send(batch: readonly string[]): Promise<void> {
    const { clock } = this.#deps;
    await pause(clock, Math.max(0, this.#notBefore - clock.now()), this.#over.signal);
    if (this.#over.signal.aborted) return;
    const { url, headers } = this.#deps.collector;
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: otlpRequest(this.#resource, batch),
      redirect: "error",
      signal: AbortSignal.any([AbortSignal.timeout(LIMIT), this.#over.signal]),
    }).catch((error: unknown) => this.#lost(error));
    const text = await response.text().catch(() => "");
    if (response.ok) return this.#accepted(batch.length, text);
    if (!AGAIN.has(response.status)) return this.#refused(batch.length, `answered ${response.status} ${text.slice(0, 200)}`);
    this.#notBefore = clock.now() + waitFor(response.headers.get("retry-after"), clock);
    throw new Error(`the collector answered ${response.status}`);
  }

  #lost(error: unknown): never {
    const { cause, message } = error as Error;
    this.#complain(`does not answer: ${cause instanceof Error && cause.message !== "" ? cause.message : message}`);
    throw error;
  }

  /** A collector may take a part only; the rest must not come again. */
  #accepted(sent: number, text: string): void {
    const rejected = Math.min(sent, rejectedOf(text));
    this.#exported += sent - rejected;
    if (rejected > 0) this.#refused(rejected, `did not take ${rejected} of ${sent} spans: ${text.slice(0, 200)}`);
    else this.#complained = false;
  }

  #refused(spans: number, what: string): void {
    this.#dropped += spans;
    this.#complain(what);
  }

  /** Once, until it works again. */
  #complain(what: string): void {
    if (this.#complained) return;
    this.#complained = true;
    const { origin, pathname } = new URL(this.#deps.collector.url);
    this.#deps.notice({ level: "warning", code: "export_failed", message: `The collector at ${origin}${pathname} ${what}` });
  }
}

// Private

/** Milliseconds between two batches: a collector is farther away than Redis. */
const EVERY = 1_000;

/** Seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function waitFor(header: string | null, clock: Clock): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - clock.wall();
  return Math.min(LONGEST_WAIT, Math.max(0, wait || 0));
}

function rejectedOf(text: string): number {
  try {
    const answer = JSON.parse(text) as { readonly partialSuccess?: { readonly rejectedSpans?: string | number } } | null;
    return Math.max(0, Number(answer?.partialSuccess?.rejectedSpans ?? 0) || 0);
  } catch {
    return 0;
  }
}
