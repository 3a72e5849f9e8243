/** What a target is to be, as options of the command line, and the request they make. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { messageOf } from "../errors.ts";
import { usage } from "./failure.ts";
import { parseData } from "./json-data.ts";
import { span, wholeNumber } from "./numbers.ts";
import { collect } from "./service-flags.ts";

export interface TargetFlags {
  readonly https?: boolean;
  readonly http?: string;
  readonly cert?: string;
  readonly hostHeader?: string;
  readonly header?: readonly Header[];
  readonly answerHeader?: readonly Header[];
  readonly routes?: string;
  readonly only?: readonly string[];
  readonly without?: readonly string[];
  readonly also?: readonly string[];
  readonly balance?: string;
  readonly retries?: number;
  readonly health?: string;
  readonly maxBody?: number;
  readonly rate?: Rate;
  readonly concurrent?: number;
  readonly timeout?: number;
  readonly compression?: boolean;
  readonly upstreamCa?: string;
  readonly insecure?: boolean;
  readonly description?: string;
  readonly file?: string;
}

type Header = readonly [name: string, value: string | null];

interface Rate {
  readonly requests: number;
  /** Seconds. */
  readonly per: number;
  readonly burst: number;
}

export function addTargetOptions(command: Command): Command {
  return command
    .option("--https", "on the HTTPS port too; HTTP is then sent there")
    .option("--no-https", "not on the HTTPS port")
    .addOption(new Option("--http <what>", "on the HTTP port: serve it, redirect to HTTPS, or off").choices(["serve", "redirect", "off"]))
    .option("--cert <name>", "certificate; default: whichever fits the name")
    .addOption(new Option("--host-header <whose>", "the Host the upstream sees").choices(["client", "upstream"]))
    .option("--header <name=value>", "for the upstream; `name=` takes it out (may be repeated)", headers)
    .option("--answer-header <name=value>", "for the client; `name=` takes it out (may be repeated)", headers)
    .addOption(new Option("--routes <mode>", "which routes apply").choices(["all", "selective", "none"]))
    .option("--only <route>", "with selective: this one (may be repeated)", collect)
    .option("--without <route>", "with all: not this one (may be repeated)", collect)
    .option("--also <url>", "another URL that shares the requests (may be repeated)", collect)
    .addOption(new Option("--balance <policy>", "among several").choices(["p2c", "least_connections", "round_robin", "cookie"]))
    .option("--retries <n>", "tries after the first one", wholeNumber(0, 10))
    .option("--health <path>", "ask each upstream there every 10 s; `none` stops that")
    .option("--max-body <size>", "largest request body, as 10m; `none`: no limit", size)
    .option("--rate <n/time>", "requests for each client, as 100/10s; `none`: no limit", rate)
    .option("--concurrent <n>", "requests at the same time for each client; 0: no limit", wholeNumber(0, 100_000))
    .option("--timeout <duration>", "until the first byte of the answer, as 60s", span)
    .option("--compression", "gzip or brotli for text")
    .option("--no-compression", "none")
    .option("--upstream-ca <file>", "PEM: an https: upstream may have a certificate of this authority")
    .option("--insecure", "the certificate of an https: upstream is not checked")
    .option("--description <text>", "for people")
    .option("--file <file>", "the whole request as JSON, which options go on top of; - reads it from the input");
}

/** Fields in the names of the REST interface. `to`: where it goes, as it was written. */
export function targetRequest(flags: TargetFlags, to: string | undefined): Record<string, unknown> {
  const { also, insecure, upstreamCa } = flags;
  if (also !== undefined && to !== undefined && upstreamUrl(to).startsWith("service:"))
    throw usage("--also stands beside a URL, not a service.");
  if (also !== undefined && to === undefined) throw usage("--also stands beside the first URL: give that too.");
  const given = {
    target_url: also === undefined && to !== undefined ? upstreamUrl(to) : undefined,
    target_urls: also === undefined ? undefined : [upstreamUrl(to ?? ""), ...also.map(upstreamUrl)],
    enable_https: flags.https,
    http: flags.http,
    cert_name: flags.cert,
    preserve_host_header: flags.hostHeader === undefined ? undefined : flags.hostHeader === "client",
    custom_headers: record(flags.header),
    custom_response_headers: record(flags.answerHeader),
    route_mode: flags.routes,
    enabled_routes: flags.only,
    disabled_routes: flags.without,
    balance: record([...entry("policy", flags.balance), ...entry("retries", flags.retries)]),
    health: flags.health === undefined ? undefined : flags.health === "none" ? null : { path: flags.health },
    limits: limitsOf(flags),
    timeouts: record(entry("response", flags.timeout)),
    compression: flags.compression,
    upstream_tls: record([...entry("insecure", insecure), ...entry("ca", upstreamCa === undefined ? undefined : textOf(upstreamCa))]),
    description: flags.description,
  };
  return {
    ...(flags.file === undefined ? {} : fileOf(flags.file)),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** `3000` → `http://127.0.0.1:3000`, `localhost:3000` → `http://localhost:3000`, `web` → `service:web`. */
export function upstreamUrl(text: string): string {
  if (text.includes("://")) return text;
  if (/^\d{1,5}$/.test(text)) return `http://127.0.0.1:${text}`;
  if (/^(?:localhost|[^/:]*\.[^/:]*|\[[^\]]*\])(?::\d{1,5})?(?:\/|$)/.test(text)) return `http://${text}`;
  return text.startsWith("service:") ? text : `service:${text}`;
}

/** `10m` as bytes; `none` as null, under which commander would forget it. */
export function size(text: string): number {
  if (text === "none") return Number.POSITIVE_INFINITY;
  const [, amount = "", unit = ""] = /^(\d{1,12})([kmg]?)b?$/i.exec(text) ?? [];
  if (amount !== "") return Number(amount) * (SIZES[unit.toLowerCase()] ?? 1);
  throw new InvalidArgumentError("It must be a size such as 512k, 10m, 1g, or none.");
}

export function rate(text: string): Rate {
  if (text === "none") return { requests: 0, per: 0, burst: 0 };
  const [, requests = "", time = ""] = /^(\d{1,7})\/(\d*(?:s|m|h))$/.exec(text) ?? [];
  if (requests === "") throw new InvalidArgumentError("It must be requests in a time, such as 100/10s, 5/s, 1000/m, or none.");
  const per = span(/^\d/.test(time) ? time : `1${time}`) / 1000;
  return { requests: Number(requests), per, burst: Number(requests) };
}

export function limitsOf({ maxBody, rate: most, concurrent }: TargetFlags): Record<string, unknown> | undefined {
  return record([
    ...entry("body", maxBody === Number.POSITIVE_INFINITY ? null : maxBody),
    ...entry("rate", most?.requests === 0 ? null : most),
    ...entry("concurrent", concurrent === 0 ? null : concurrent),
  ]);
}

function headers(text: string, before: readonly Header[] = []): Header[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be name=value.");
  return [...before, [text.slice(0, at), text.slice(at + 1) === "" ? null : text.slice(at + 1)]];
}

export function record(entries: readonly (readonly [string, unknown])[] = []): Record<string, unknown> | undefined {
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

export function fileOf(file: string): Record<string, unknown> {
  const found = parseData(textOf(file));
  if (typeof found === "object" && found !== null && !Array.isArray(found)) return found as Record<string, unknown>;
  throw usage(`${file} must hold one JSON object.`);
}

export function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw usage(`${file} cannot be read: ${messageOf(error)}`);
  }
}

export function entry(name: string, value: unknown): [string, unknown][] {
  return value === undefined ? [] : [[name, value]];
}

// Private

const SIZES: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
