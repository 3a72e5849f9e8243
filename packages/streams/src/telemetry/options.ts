/** What `connect({ telemetry })` takes. */
import type { Level } from "./telemetry.ts";

export interface TelemetryOptions {
  /** Least level. Default: `LOG_LEVEL`, then `info`. */
  readonly level?: Level;
  /** Where entries also go: `auto` is pretty on a terminal and JSON lines elsewhere, on stdout; `false` prints nothing. Default `false`. */
  readonly print?: "auto" | "pretty" | "json" | false;
  /** Milliseconds between two writes. Default 100. */
  readonly window?: number;
  /** Entries of one write; a full one goes at once. Default 500. */
  readonly batch?: number;
  /** Entries that may wait for Redis. Default 20,000. */
  readonly buffer?: number;
  /** Bytes of them. Default 16 MiB. */
  readonly bufferBytes?: number;
  /** Entries a stream keeps, e.g. `{ "logs:all:stream": 500_000 }`; `*` for all others. Default 100,000 for each. */
  readonly retention?: Readonly<Record<string, number>>;
  /** Milliseconds an entry is kept; 0 for any. Default 7 days. */
  readonly maxAge?: number;
  /** Put before every telemetry key. Default: `TELEMETRY_PREFIX`, then none. */
  readonly prefix?: string;
  /** Names (any spelling) and patterns to redact beside the built-in ones. */
  readonly redact?: { readonly names?: readonly string[]; readonly patterns?: readonly RegExp[] };
  readonly traces?: {
    /** Share of new traces that are kept. Failed and slow ones are kept anyway. Default: `TRACE_SAMPLE`, then 1. */
    readonly sample?: number;
    /** New traces a second and process beyond which only failed and slow ones are kept. Default 100. */
    readonly perSecond?: number;
    /** Milliseconds from which a trace counts as slow. Default 1,000. */
    readonly slow?: number;
    /** Seconds. Default 86,400. */
    readonly ttl?: number;
    /** Traces kept at most. Default 50,000. */
    readonly most?: number;
    /** Spans of one trace kept at most. Default 1,000. */
    readonly spans?: number;
    /** Milliseconds between two signs of life of a process with running spans; after six without one they are `interrupted`. Default 5,000. */
    readonly beat?: number;
  };
  /** Sends spans to an OpenTelemetry collector as well. Default: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, then `OTEL_EXPORTER_OTLP_ENDPOINT` + `/v1/traces`. */
  readonly otlp?: { readonly url: string; readonly headers?: Readonly<Record<string, string>> } | false;
}
