/** `TelemetryOptions` and the environment, checked, with nothing left to default. */
import { TidegateError } from "../errors.ts";
import type { TelemetryOptions } from "./options.ts";
import { LEVELS, type Level } from "./telemetry.ts";

type Given = NonNullable<TelemetryOptions["traces"]>;

export interface ResolvedTelemetry {
  /** False: nothing is kept. */
  readonly enabled: boolean;
  readonly level: Level;
  readonly print: "auto" | "pretty" | "json" | false;
  /** Whether a terminal may be sent colours: https://no-color.org */
  readonly colors: boolean;
  readonly window: number;
  readonly batch: number;
  readonly buffer: number;
  readonly bufferBytes: number;
  readonly retention: Readonly<Record<string, number>>;
  readonly maxAge: number;
  readonly prefix: string;
  readonly redact: { readonly names: readonly string[]; readonly patterns: readonly RegExp[] };
  readonly traces: { readonly [K in keyof Given]-?: NonNullable<Given[K]> };
  readonly otlp: { readonly url: string; readonly headers: Readonly<Record<string, string>> } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function parseTelemetry(options: TelemetryOptions | false | undefined, env: Environment): ResolvedTelemetry {
  const given = options === false ? {} : (options ?? {});
  return {
    enabled: options !== false,
    level: given.level === undefined ? level("LOG_LEVEL", env["LOG_LEVEL"]) : level("telemetry.level", given.level),
    print: printing(given.print),
    colors: (env["NO_COLOR"] ?? "") === "",
    window: whole("window", given.window, 100, 1),
    batch: whole("batch", given.batch, 500, 1),
    buffer: whole("buffer", given.buffer, 20_000, 1),
    bufferBytes: whole("bufferBytes", given.bufferBytes, 16_777_216, 1),
    retention: given.retention ?? {},
    maxAge: whole("maxAge", given.maxAge, 7 * 86_400_000, 0),
    prefix: given.prefix ?? env["TELEMETRY_PREFIX"] ?? "",
    redact: redaction(given.redact),
    traces: {
      sample: share(given.traces?.sample ?? env["TRACE_SAMPLE"]),
      perSecond: whole("traces.perSecond", given.traces?.perSecond, 100, 0),
      slow: whole("traces.slow", given.traces?.slow, 1_000, 0),
      ttl: whole("traces.ttl", given.traces?.ttl, 86_400, 1),
      most: whole("traces.most", given.traces?.most, 50_000, 1),
      spans: whole("traces.spans", given.traces?.spans, 1_000, 1),
      beat: whole("traces.beat", given.traces?.beat, 5_000, 10),
    },
    otlp: collector(given.otlp, env),
  };
}

// Private

/** Words other programs use for the same levels. */
const ALIASES: Readonly<Record<string, Level>> = { warning: "warn", fatal: "critical" };

const PRINTS: readonly unknown[] = ["auto", "pretty", "json"];

function level(where: string, given: string | undefined): Level {
  const word = (given ?? "").trim().toLowerCase();
  if (word === "") return "info";
  const found = ALIASES[word] ?? LEVELS.find((one) => one === word);
  if (found !== undefined) return found;
  throw new TidegateError("INVALID_CONFIG", `${where} must be one of ${LEVELS.join(", ")}, found ${JSON.stringify(given)}.`);
}

function printing(given: TelemetryOptions["print"]): ResolvedTelemetry["print"] {
  const chosen = given ?? false;
  if (chosen === false || PRINTS.includes(chosen)) return chosen;
  throw new TidegateError("INVALID_CONFIG", `telemetry.print must be ${PRINTS.join(", ")} or false, found ${JSON.stringify(given)}.`);
}

function redaction(given: TelemetryOptions["redact"]): ResolvedTelemetry["redact"] {
  const { names = [], patterns = [] } = given ?? {};
  const name = names.find((one) => typeof one !== "string" || !/[\p{L}\p{N}]/u.test(one));
  if (name !== undefined)
    throw new TidegateError(
      "INVALID_CONFIG",
      `telemetry.redact.names must be names with letters or digits, found ${JSON.stringify(name)}.`,
    );
  const pattern = patterns.find((one) => !(one instanceof RegExp) || one.test(""));
  if (pattern === undefined) return { names, patterns };
  throw new TidegateError(
    "INVALID_CONFIG",
    `telemetry.redact.patterns must be regular expressions that match some text, found ${String(pattern)}.`,
    {
      hint: "One that matches the empty text would match everywhere.",
    },
  );
}

function share(given: number | string | undefined): number {
  const value = given === undefined || given === "" ? 1 : Number(given);
  if (value >= 0 && value <= 1) return value;
  throw new TidegateError("INVALID_CONFIG", `TRACE_SAMPLE (traces.sample) must be a share from 0 to 1, found "${String(given)}".`);
}

function collector(given: TelemetryOptions["otlp"], env: Environment): ResolvedTelemetry["otlp"] {
  if (given === false) return null;
  if (given !== undefined) return { url: checkedUrl(given.url), headers: given.headers ?? {} };
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const url = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? (base === undefined ? undefined : `${base.replace(/\/$/, "")}/v1/traces`);
  const headers = headersOf(env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] ?? env["OTEL_EXPORTER_OTLP_HEADERS"] ?? "");
  return url === undefined || url === "" ? null : { url: checkedUrl(url), headers };
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:/i.test(url)) return url;
  throw new TidegateError(
    "INVALID_CONFIG",
    `The collector (OTEL_EXPORTER_OTLP_ENDPOINT, otlp.url) must be an http or https URL, found "${url}".`,
  );
}

/** `name=value,name=value`, percent-encoded where need be. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    if (at > 0) headers[pair.slice(0, at).trim()] = decoded(pair.slice(at + 1).trim());
  }
  return headers;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function whole(name: string, value: number | undefined, fallback: number, least: number): number {
  const chosen = value ?? fallback;
  if (Number.isSafeInteger(chosen) && chosen >= least) return chosen;
  throw new TidegateError("INVALID_CONFIG", `telemetry.${name} must be a whole number of at least ${least}, found ${String(value)}.`);
}
