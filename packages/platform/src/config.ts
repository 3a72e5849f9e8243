/**
 * Flags, environment and `tidegate.config.json` become one checked configuration: flag > environment > file > default.
 * Nothing else in this package reads the environment. An empty value counts as unset; a wrong one is an error that names the
 * setting, what was found and what is allowed. Secrets are taken from the environment only and are never printed.
 */
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import type { AcmeSettings } from "@tidegate/gateway";
import { ACME_FILE_KEYS, acmeSettings } from "./acme-config.ts";
import { PlatformError } from "./errors.ts";
import { wrong, type Found } from "./setting.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "critical"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What `tidegate up` may be told on the command line; everything is still text. */
export interface UpFlags {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly redisPort?: string;
  readonly demo?: boolean;
  readonly open?: boolean;
  readonly url?: string;
  readonly namespace?: string;
  readonly production?: boolean;
}

/** Plain data: it travels to the control process over its channel. */
export interface PlatformConfig {
  readonly dataFolder: string;
  readonly namespace: string;
  readonly demo: boolean;
  /** Open the console in a browser once it is healthy. */
  readonly open: boolean;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Somebody else's Redis, or null for the embedded one. */
  readonly redisUrl: string | null;
  readonly redisPassword: string | null;
  readonly redisPort: number;
  /** Whether somebody asked for exactly this port; then a busy one is an error. */
  readonly redisPortChosen: boolean;
  /** Seconds. */
  readonly refreshInterval: number;
  readonly workers: number;
  readonly maxRetries: number;
  readonly adminToken: string | null;
  readonly logLevel: LogLevel;
  /** Put before every telemetry key, where two installations share a database. */
  readonly telemetryPrefix: string;
  /** Encrypts secrets at rest; null: made on the first run and kept in the data folder. */
  readonly encryptionKey: string | null;
  /** `unix://…` or `tcp://host:port`; null: the usual socket. */
  readonly dockerHost: string | null;
  /** Folder in which build contexts may lie. */
  readonly contexts: string;
  /** Processes of the data plane. */
  readonly edgeWorkers: number;
  /** Connections one client address may have at each of them. */
  readonly edgeConnectionsPerClient: number;
  /** The front door is open to other machines, on the ports of the web. */
  readonly production: boolean;
  /** Address of the HTTP and the HTTPS port. */
  readonly edgeHost: string;
  /** 0 takes a free one. */
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Which of them somebody asked for; then a busy one is an error. */
  readonly edgeChosen: { readonly host: boolean; readonly http: boolean; readonly https: boolean };
  /** Addresses and networks of proxies whose word about clients counts. */
  readonly trustedProxies: readonly string[];
  /** Where certificates come from. */
  readonly acme: AcmeSettings;
}

const FILE_NAME = "tidegate.config.json";
const FILE_KEYS = [
  ...ACME_FILE_KEYS,
  "contexts",
  "data",
  "demo",
  "edgeConnectionsPerClient",
  "edgeHost",
  "edgeWorkers",
  "host",
  "httpPort",
  "httpsPort",
  "logLevel",
  "maxRetries",
  "namespace",
  "port",
  "production",
  "redisPort",
  "redisUrl",
  "refreshInterval",
  "trustedProxies",
  "workers",
] as const;
type FileKey = (typeof FILE_KEYS)[number];

export function parseConfig(flags: UpFlags, env: Environment, cwd: string): PlatformConfig {
  const folder = userFolder(env, cwd);
  const file = readConfigFile(folder);
  const pick = (flag: [string, string | undefined] | null, variable: string, key: FileKey | null): Found | null =>
    fromFlag(flag) ?? fromEnvironment(env, variable) ?? (key === null ? null : fromFile(file, key));
  const demo = flags.demo ?? boolean(fromFile(file, "demo"), false);
  const redisPort = pick(["--redis-port", flags.redisPort], "REDIS_PORT", "redisPort");
  const production = flags.production ?? boolean(fromFile(file, "production"), false);
  const edgeHost = pick(null, "EDGE_HOST", "edgeHost");
  const httpPort = pick(null, "HTTP_PORT", "httpPort");
  const httpsPort = pick(null, "HTTPS_PORT", "httpsPort");
  return {
    dataFolder: resolve(folder, pick(["--data", flags.data], "TIDEGATE_DATA", "data")?.value ?? ".tidegate"),
    namespace: namespace(pick(["--namespace", flags.namespace], "TIDEGATE_NAMESPACE", "namespace"), demo ? "opsconductor" : "tidegate"),
    demo,
    open: flags.open ?? true,
    host: host(pick(["--host", flags.host], "MONITOR_HOST", "host"), "127.0.0.1"),
    port: integer(pick(["--port", flags.port], "MONITOR_PORT", "port"), 8090, 0, 65_535),
    redisUrl: redisUrl(pick(["--url", flags.url], "REDIS_STREAMS_URL", "redisUrl")),
    redisPassword: fromEnvironment(env, "REDIS_PASSWORD")?.value ?? null,
    redisPort: integer(redisPort, 6380, 0, 65_535),
    redisPortChosen: redisPort !== null && redisPort.value !== "0",
    refreshInterval: integer(pick(null, "REFRESH_INTERVAL", "refreshInterval"), 5, 1, 3600),
    workers: integer(pick(null, "PROCESSOR_WORKERS", "workers"), 4, 1, 10_000),
    maxRetries: integer(pick(null, "MAX_RETRIES", "maxRetries"), 3, 0, 1000),
    adminToken: fromEnvironment(env, "ADMIN_TOKEN")?.value ?? null,
    logLevel: oneOf(pick(null, "LOG_LEVEL", "logLevel"), LOG_LEVELS, "info"),
    telemetryPrefix: fromEnvironment(env, "TELEMETRY_PREFIX")?.value ?? "",
    encryptionKey: strongKey(fromEnvironment(env, "TIDEGATE_ENCRYPTION_KEY")),
    dockerHost: fromEnvironment(env, "DOCKER_HOST")?.value ?? null,
    contexts: resolve(folder, pick(null, "TIDEGATE_CONTEXTS", "contexts")?.value ?? "."),
    edgeWorkers: integer(pick(null, "EDGE_WORKERS", "edgeWorkers"), 1, 0, 64),
    edgeConnectionsPerClient: integer(pick(null, "EDGE_CONNECTIONS_PER_CLIENT", "edgeConnectionsPerClient"), 1_000, 1, 1_000_000),
    production,
    edgeHost: host(edgeHost, production ? "::" : "127.0.0.1"),
    httpPort: integer(httpPort, production ? 80 : 8080, 0, 65_535),
    httpsPort: integer(httpsPort, production ? 443 : 8443, 0, 65_535),
    edgeChosen: { host: edgeHost !== null, http: isPort(httpPort), https: isPort(httpsPort) },
    trustedProxies: networks(pick(null, "EDGE_TRUSTED_PROXIES", "trustedProxies")),
    acme: acmeSettings((variable, key) => pick(null, variable, key), folder),
  };
}

/** The folder the user typed in: npm changes the working folder and leaves this behind. */
export function userFolder(env: Environment, cwd: string): string {
  const typedIn = env["INIT_CWD"];
  return typedIn === undefined || typedIn === "" ? cwd : typedIn;
}

/** Whether a browser can be shown to the person at this machine. */
export function hasDesktop(env: Environment, platform: string = process.platform): boolean {
  return platform === "darwin" || Boolean(env["DISPLAY"]) || Boolean(env["WAYLAND_DISPLAY"]);
}

/** A flag's whole number, checked with the same words as every other setting. */
export function parseCount(flag: string, value: string | undefined, fallback: number, most: number): number {
  return integer(fromFlag([flag, value]), fallback, 1, most);
}

// Private

function fromFlag(flag: [string, string | undefined] | null): Found | null {
  return flag === null || flag[1] === undefined || flag[1] === "" ? null : { where: flag[0], value: flag[1] };
}

function fromEnvironment(env: Environment, name: string): Found | null {
  const value = env[name];
  return value === undefined || value.trim() === "" ? null : { where: name, value: value.trim() };
}

function fromFile(file: Readonly<Record<string, unknown>>, key: FileKey): Found | null {
  const value = file[key];
  return value === undefined || value === null || value === "" ? null : { where: `"${key}" in ${FILE_NAME}`, value: asText(value) };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function readConfigFile(folder: string): Readonly<Record<string, unknown>> {
  const path = join(folder, FILE_NAME);
  if (!existsSync(path)) return {};
  const parsed = parseJson(path);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw wrong(path, "something else", "one JSON object");
  const stranger = Object.keys(parsed).find((key) => !(FILE_KEYS as readonly string[]).includes(key));
  if (stranger !== undefined) throw wrong(path, `the unknown setting "${stranger}"`, `only ${FILE_KEYS.join(", ")}`);
  return parsed as Record<string, unknown>;
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new PlatformError("INVALID_SETTING", `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
      hint: "It must be valid JSON, without comments.",
    });
  }
}

function integer(found: Found | null, fallback: number, least: number, most: number): number {
  if (found === null) return fallback;
  const value = /^\d{1,9}$/.test(found.value) ? Number(found.value) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(found.where, `"${found.value}"`, `a whole number from ${least} to ${most}`);
}

/** With the length of each, also of single addresses. Everybody is no proxy: then each client could say who it is. */
function networks(found: Found | null): string[] {
  if (found === null) return [];
  const given = found.value.split(/[\s,"[\]]+/).filter((one) => one !== "");
  return given.map((one) => {
    const whole = network(one);
    if (whole !== null) return whole;
    throw wrong(
      found.where,
      `"${one}"`,
      "addresses and networks with commas between them, as 10.0.0.0/8,192.0.2.7,fd00::/8; not all addresses",
    );
  });
}

function network(text: string): string | null {
  const [address = "", bits, ...more] = text.split("/");
  const most = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || more.length > 0 || /%|^::ffff:/i.test(address)) return null;
  if (bits === undefined) return `${address}/${most}`;
  return /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most ? text : null;
}

function boolean(found: Found | null, fallback: boolean): boolean {
  if (found === null) return fallback;
  if (found.value === "true" || found.value === "false") return found.value === "true";
  throw wrong(found.where, `"${found.value}"`, "true or false");
}

function oneOf<T extends string>(found: Found | null, allowed: readonly T[], fallback: T): T {
  if (found === null) return fallback;
  const match = allowed.find((word) => word === found.value.toLowerCase());
  if (match !== undefined) return match;
  throw wrong(found.where, `"${found.value}"`, `one of ${allowed.join(", ")}`);
}

function namespace(found: Found | null, fallback: string): string {
  if (found === null) return fallback;
  if (/^[a-z0-9][a-z0-9_.-]{0,63}$/.test(found.value)) return found.value;
  throw wrong(found.where, `"${found.value}"`, "up to 64 of a-z 0-9 _ . - beginning with a letter or digit");
}

/** A guess at how weak it is; the vault decides. Never printed. */
function strongKey(found: Found | null): string | null {
  if (found === null || (found.value.length >= 16 && new Set(found.value).size >= 6)) return found?.value ?? null;
  throw wrong(
    found.where,
    `a text of ${found.value.length} characters`,
    "32 random bytes as base64 or hex (openssl rand -base64 32), or 16 varied characters and more",
  );
}

/** Only the shape; the streams library checks the rest when it connects. */
function redisUrl(found: Found | null): string | null {
  if (found === null) return null;
  if (/^rediss?(\+sentinel)?:\/\/./.test(found.value)) return found.value;
  const shown = found.value.replace(/\/\/.*@/, "//***@").replace(/(password=)[^&]*/gi, "$1***");
  throw wrong(found.where, `"${shown}"`, "redis://host:6379, rediss://user:password@host:6380/0 or redis+sentinel://host1,host2/primary/0");
}

function host(found: Found | null, fallback: string): string {
  if (found === null) return fallback;
  if (/^[A-Za-z0-9.:_-]{1,255}$/.test(found.value)) return found.value;
  throw wrong(found.where, `"${found.value}"`, "a host name or an IP address, for example 127.0.0.1");
}

/** 0 asks for any. */
function isPort(found: Found | null): boolean {
  return found !== null && found.value !== "0";
}
