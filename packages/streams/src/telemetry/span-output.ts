/** Where kept spans go: to the store, to a collector where one is named, and to the watch over those that still run. */
import type { Interrupted } from "./interrupted.ts";
import type { SpanExporter } from "./otlp.ts";
import type { LiveSpan } from "./span.ts";
import type { SpanWriter } from "./span-writer.ts";
import type { SpanOutput, SpanStats } from "./tracer.ts";

export interface OutputDeps {
  readonly writer: SpanWriter;
  readonly exporter: SpanExporter | null;
  readonly interrupted: Interrupted;
}

export class Output implements SpanOutput {
  readonly #deps: OutputDeps;

  constructor(deps: OutputDeps) {
    this.#deps = deps;
  }

  ended(span: LiveSpan): void {
    const { writer, exporter, interrupted } = this.#deps;
    interrupted.tracing();
    if (span.announced) interrupted.ran(-1);
    writer.write(span);
    exporter?.add(span);
  }

  running(span: LiveSpan): void {
    const { writer, interrupted } = this.#deps;
    interrupted.tracing();
    interrupted.ran(1);
    writer.write(span);
  }

  missed(spans: number): void {
    this.#deps.writer.drop(spans);
  }

  async flush(): Promise<void> {
    const { writer, exporter } = this.#deps;
    await Promise.all([writer.flush(), exporter?.flush()]);
  }

  stats(): SpanStats {
    const { writer, exporter } = this.#deps;
    return { ...writer.stats(), ...(exporter?.stats() ?? { spansExported: 0, exportDropped: 0 }) };
  }

  async stop(limit: number): Promise<void> {
    const { writer, exporter, interrupted } = this.#deps;
    await interrupted.stop();
    await Promise.all([writer.close(limit), exporter?.close(limit)]);
  }
}
