/**
 * Options, environment and `instance.json` become one checked configuration. Nothing else in this package reads `process.env`.
 * Precedence: option > environment > running instance > default. An empty variable counts as unset.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { TidegateError } from "./errors.ts";
import type { Durability } from "./publishing.ts";
import type { ConnectOptions, Notice, RetentionPolicy, TlsOptions } from "./tide.ts";
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
  readonly url: URL;
  readonly password: string | undefined;
  readonly namespace: string;
  readonly service: string;
  readonly publishTimeout: number;
  readonly connectTimeout: number;
  readonly maxPayload: number;
  readonly maxBuffered: number;
  readonly durability: Durability;
  readonly tls: TlsOptions;
  readonly wire: TopicSettings["wire"];
  readonly retention: Required<RetentionPolicy> | false;
  readonly deadLetterTtl: number;
  readonly maxRetries: number;
  readonly concurrency: number;
  readonly onNotice: (notice: Notice) => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function parseConfig(options: ConnectOptions, env: Environment = process.env): StreamsConfig {
  const given = options.url ?? text(env, "REDIS_STREAMS_URL");
  const found =
    given === undefined || (options.namespace === undefined && text(env, "TIDEGATE_NAMESPACE") === undefined) ? findInstance(env) : null;
  const url = parseUrl(given ?? found?.file.redisUrl ?? "redis://127.0.0.1:6379", options.url === undefined ? "REDIS_STREAMS_URL" : "url");
  const password = options.password ?? (given === undefined ? found?.password : undefined) ?? text(env, "REDIS_PASSWORD");
  return {
    url,
    password: password ?? (url.password === "" ? undefined : decodeURIComponent(url.password)),
    namespace: parseNamespace(options.namespace ?? text(env, "TIDEGATE_NAMESPACE") ?? found?.file.namespace ?? "tidegate"),
    service: options.service ?? "unknown",
    publishTimeout: number("publishTimeout", options.publishTimeout, 10_000, 1),
    connectTimeout: number("connectTimeout", options.connectTimeout, 10_000, 1),
    maxPayload: number("maxPayload", options.maxPayload, 1_048_576, 1),
    maxBuffered: number("maxBuffered", options.maxBuffered, 67_108_864, 1),
    durability: options.durability ?? "stored",
    tls: options.tls ?? {},
    wire: options.wire ?? "compact",
    retention: parseRetention(options.retention),
    deadLetterTtl: number("deadLetterTtl", options.deadLetterTtl ?? integer(env, "DEAD_LETTER_TTL"), 2_592_000, 0),
    maxRetries: number("MAX_RETRIES", integer(env, "MAX_RETRIES"), 3, 0),
    concurrency: number("PROCESSOR_WORKERS", integer(env, "PROCESSOR_WORKERS"), 4, 1),
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

function parseUrl(value: string, where: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url !== null && (url.protocol === "redis:" || url.protocol === "rediss:") && url.hostname !== "") return url;
  throw new TidegateError("INVALID_CONFIG", `${where} is not a Redis address: found "${withoutPassword(value)}".`, {
    hint: "Write redis://host:6379 or rediss://user:password@host:6380/0.",
  });
}

function withoutPassword(value: string): string {
  return value.replace(/\/\/[^@/]*@/, "//***@");
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
