/**
 * Options, environment and `instance.json` become one checked configuration. Nothing else in this package reads `process.env`.
 * Precedence: option > environment > running instance > default. An empty variable counts as unset.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { TidegateError } from "./errors.ts";
import { parseTelemetry, type ResolvedTelemetry } from "./telemetry/settings.ts";
import { parseEndpoint, type Endpoint } from "./redis/endpoint.ts";
import { readTls, type PemSource } from "./redis/tls.ts";
import { checkDurability, type Durability } from "./publishing.ts";
import type { ConnectOptions, Notice, RetentionPolicy } from "./tide.ts";
import type { TopicSettings } from "./views.ts";

/** `.tidegate/instance.json`: what a running `tidegate up` tells other programs in the same folder tree. */
export interface InstanceFile {
  readonly pid: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly namespace: string;
  /** Without password. */
  readonly redisUrl: string;
  /** File with the password, relative to the data folder; null when Redis is somebody else's. */
  readonly redisPasswordFile: string | null;
  readonly consoleUrl: string;
  readonly ports: Readonly<Record<string, number>>;
}

export interface StreamsConfig {
  readonly endpoint: Endpoint;
  readonly namespace: string;
  readonly service: string;
  readonly publishTimeout: number;
  readonly connectTimeout: number;
  readonly maxPayload: number;
  readonly maxBuffered: number;
  readonly durability: Durability;
  readonly wire: TopicSettings["wire"];
  readonly retention: Required<RetentionPolicy> | false;
  readonly deadLetterTtl: number;
  readonly maxRetries: number;
  readonly concurrency: number;
  readonly telemetry: ResolvedTelemetry;
  readonly onNotice: (notice: Notice) => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function parseConfig(options: ConnectOptions, env: Environment = process.env): StreamsConfig {
  const given = options.url ?? text(env, "REDIS_STREAMS_URL");
  const found =
    given === undefined || (options.namespace === undefined && text(env, "TIDEGATE_NAMESPACE") === undefined) ? findInstance(env) : null;
  const where = options.url === undefined ? "REDIS_STREAMS_URL" : "url";
  const endpoint = parseEndpoint(given ?? found?.file.redisUrl ?? "redis://127.0.0.1:6379", where);
  const password =
    options.password ?? endpoint.password ?? (given === undefined ? found?.password : undefined) ?? text(env, "REDIS_PASSWORD");
  return {
    endpoint: { ...endpoint, password, sentinel: withPassword(endpoint.sentinel, env), tls: parseTls(endpoint, options, env) },
    namespace: parseNamespace(options.namespace ?? text(env, "TIDEGATE_NAMESPACE") ?? found?.file.namespace ?? "tidegate"),
    service: options.service ?? "unknown",
    publishTimeout: number("publishTimeout", options.publishTimeout, 10_000, 1),
    connectTimeout: number("connectTimeout", options.connectTimeout, 10_000, 1),
    maxPayload: number("maxPayload", options.maxPayload, 1_048_576, 1),
    maxBuffered: number("maxBuffered", options.maxBuffered, 67_108_864, 1),
    durability: checkDurability(options.durability ?? "stored"),
    wire: options.wire ?? "compact",
    retention: parseRetention(options.retention),
    deadLetterTtl: number("deadLetterTtl", options.deadLetterTtl ?? integer(env, "DEAD_LETTER_TTL"), 2_592_000, 0),
    maxRetries: number("MAX_RETRIES", integer(env, "MAX_RETRIES"), 3, 0),
    concurrency: number("PROCESSOR_WORKERS", integer(env, "PROCESSOR_WORKERS"), 4, 1),
    telemetry: parseTelemetry(options.telemetry, env),
    onNotice: options.onNotice ?? (() => {}),
  };
}

/** The nearest running instance, searched upwards from the folder the user typed in; null if there is none. */
export function findInstance(env: Environment = process.env): { file: InstanceFile; folder: string; password: string | undefined } | null {
  const fixed = text(env, "TIDEGATE_DATA");
  const folders =
    fixed === undefined
      ? dataFoldersUpwards(text(env, "INIT_CWD") ?? process.cwd())
      : [resolve(text(env, "INIT_CWD") ?? process.cwd(), fixed)];
  for (const folder of folders) {
    const path = join(folder, "instance.json");
    if (!existsSync(path)) continue;
    const file = JSON.parse(readFileSync(path, "utf8")) as InstanceFile;
    const secret = file.redisPasswordFile === null ? undefined : join(folder, file.redisPasswordFile);
    return { file, folder, password: secret !== undefined && existsSync(secret) ? readFileSync(secret, "utf8").trim() : undefined };
  }
  return null;
}

// Private

function* dataFoldersUpwards(start: string): Generator<string> {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    yield join(folder, ".tidegate");
    if (dirname(folder) === folder) return;
  }
}

/** The sentinels' own; the servers behind them have another. */
function withPassword(sentinel: Endpoint["sentinel"], env: Environment): Endpoint["sentinel"] {
  return sentinel === null ? null : { ...sentinel, password: sentinel.password ?? text(env, "REDIS_SENTINEL_PASSWORD") };
}

/** Certificates in the environment are no mistake beside a plain URL: another program may need them. In the options they are. */
function parseTls(endpoint: Endpoint, { tls = {} }: ConnectOptions, env: Environment): Endpoint["tls"] {
  if (endpoint.tls === null) {
    if (Object.keys(tls).length === 0) return null;
    throw new TidegateError("INVALID_CONFIG", "tls is given, but the URL asks for a plain connection.", {
      hint: "Write rediss:// or rediss+sentinel://, or leave tls out.",
    });
  }
  const source = (pem: string | undefined, part: string, variable: string, file: string | undefined): PemSource | null => {
    if (pem !== undefined) return { where: `tls.${part}`, pem, file: "" };
    return file === undefined ? null : { where: variable, pem: null, file: resolve(text(env, "INIT_CWD") ?? process.cwd(), file) };
  };
  return readTls({
    ca: source(tls.ca, "ca", "REDIS_TLS_CA", text(env, "REDIS_TLS_CA")),
    cert: source(tls.cert, "cert", "REDIS_TLS_CERT", text(env, "REDIS_TLS_CERT")),
    key: source(tls.key, "key", "REDIS_TLS_KEY", text(env, "REDIS_TLS_KEY")),
    servername: tls.servername,
  });
}

function parseNamespace(value: string): string {
  if (/^[a-z0-9][a-z0-9_.-]{0,63}$/.test(value)) return value;
  throw new TidegateError("INVALID_CONFIG", `The namespace "${value}" is not allowed.`, {
    hint: "Use up to 64 of a-z 0-9 _ . - and begin with a letter or digit.",
  });
}

function parseRetention(policy: RetentionPolicy | false | undefined): Required<RetentionPolicy> | false {
  if (policy === false) return false;
  return {
    maxLength: number("retention.maxLength", policy?.maxLength, 100_000, 0),
    maxAge: number("retention.maxAge", policy?.maxAge, 7 * 86_400_000, 0),
    maxBytes: number("retention.maxBytes", policy?.maxBytes, 0, 0),
    hardCap: number("retention.hardCap", policy?.hardCap, 0, 0),
    groupLease: number("retention.groupLease", policy?.groupLease, 7 * 86_400_000, 1_000),
  };
}

function text(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}

function integer(env: Environment, name: string): number | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new TidegateError("INVALID_CONFIG", `${name} must be a whole number, found "${value}".`, {
    hint: `Unset ${name} or give it digits only.`,
  });
}

function number(name: string, value: number | undefined, fallback: number, least: number): number {
  const chosen = value ?? fallback;
  if (Number.isFinite(chosen) && chosen >= least) return chosen;
  throw new TidegateError("INVALID_CONFIG", `${name} must be a number of at least ${least}, found ${String(value)}.`);
}
