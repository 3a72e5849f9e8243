/** What a route is to be, as options of the command line, and the request they make. */
import { InvalidArgumentError, type Command } from "commander";
import { usage } from "./failure.ts";
import { span, wholeNumber } from "./numbers.ts";
import { entry, fileOf, limitsOf, rate, record, size, upstreamUrl, type TargetFlags } from "./proxy-flags.ts";
import { collect } from "./service-flags.ts";

export interface RouteFlags extends Pick<TargetFlags, "maxBody" | "rate" | "concurrent" | "timeout" | "description" | "file"> {
  readonly host?: readonly string[];
  readonly allHosts?: boolean;
  readonly priority?: number;
  readonly method?: readonly string[];
  readonly regex?: boolean;
  readonly exact?: boolean;
  readonly matchHeader?: readonly Condition[];
  readonly matchQuery?: readonly Condition[];
  readonly client?: readonly string[];
  readonly strip?: string;
  readonly rewrite?: string;
  readonly prefix?: string;
  readonly status?: number;
}

type Condition = readonly [name: string, value: string | null];

export function addRouteOptions(command: Command): Command {
  return command
    .option("--host <host>", "only for this host (may be repeated, or with commas); default: for all", words)
    .option("--all-hosts", "for all hosts")
    .option("--priority <n>", "higher first; default 50", wholeNumber(0, 999))
    .option("--method <method>", "only these (may be repeated, or with commas); default: `*`, all", words)
    .option("--regex", "the path is a regular expression, anchored at its start")
    .option("--exact", "only the path itself")
    .option("--match-header <name[=value]>", "only with this header (may be repeated)", conditions)
    .option("--match-query <name[=value]>", "only with this parameter (may be repeated)", conditions)
    .option("--client <network>", "only from there (may be repeated)", collect)
    .option("--strip <prefix>", "take it off the path")
    .option("--rewrite <pattern=>replacement>", "on the path, as '^/v1/(.*)=>/$1'")
    .option("--prefix <prefix>", "put it before the path")
    .option("--status <code>", "of a redirect: 301, 302, 303, 307, 308", wholeNumber(300, 399))
    .option("--max-body <size>", "largest request body, as 10m; `none`: no limit", size)
    .option("--rate <n/time>", "requests for each client, as 100/10s; `none`: no limit", rate)
    .option("--concurrent <n>", "requests at the same time for each client; 0: no limit", wholeNumber(0, 100_000))
    .option("--timeout <duration>", "until the first byte of the answer, as 60s", span)
    .option("--description <text>", "for people")
    .option("--file <file>", "the whole request as JSON, which options go on top of; - reads it from the input");
}

/** Fields in the names of the REST interface. */
export function routeRequest(flags: RouteFlags, to: string | undefined): Record<string, unknown> {
  const { host, allHosts, rewrite } = flags;
  if (host !== undefined && allHosts === true) throw usage("--host and --all-hosts do not go together.");
  const given = {
    ...(to === undefined ? {} : destinationOf(to)),
    scope: host !== undefined ? "proxy" : allHosts === true ? "global" : undefined,
    proxy_hostnames: allHosts === true ? [] : host,
    priority: flags.priority,
    methods: flags.method === undefined ? undefined : methodsOf(flags.method),
    is_regex: flags.regex,
    exact: flags.exact,
    headers: record(flags.matchHeader),
    query: record(flags.matchQuery),
    clients: flags.client,
    strip_prefix: flags.strip,
    rewrite: rewrite === undefined ? undefined : rewriteOf(rewrite),
    add_prefix: flags.prefix,
    status: flags.status,
    limits: limitsOf(flags),
    timeouts: record(entry("response", flags.timeout)),
    description: flags.description,
  };
  return {
    ...(flags.file === undefined ? {} : fileOf(flags.file)),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** `port:3000`, `3000`, `service:web`, `web:http`, `host:other.example`, `redirect:/new{path}`, a URL. */
function destinationOf(text: string): { target_type: string; target_value: string } {
  const [, type = "", value = ""] = /^(port|service|host|hostname|url|redirect):(.+)$/.exec(text) ?? [];
  if (type !== "" && !value.startsWith("//")) return { target_type: type === "host" ? "hostname" : type, target_value: value };
  if (/^\d{1,5}$/.test(text)) return { target_type: "port", target_value: text };
  const url = upstreamUrl(text);
  return url.startsWith("service:") ? { target_type: "service", target_value: url.slice(8) } : { target_type: "url", target_value: url };
}

// Private

function methodsOf(given: readonly string[]): readonly string[] | null {
  return given.includes("*") ? null : given.map((method) => method.toUpperCase());
}

function words(text: string, before: readonly string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ];
}

function rewriteOf(text: string): { pattern: string; replacement: string } {
  const at = text.indexOf("=>");
  if (at > 0) return { pattern: text.slice(0, at), replacement: text.slice(at + 2) };
  throw usage("--rewrite is written as '^/v1/(.*)=>/$1'.");
}

function conditions(text: string, before: readonly Condition[] = []): Condition[] {
  const at = text.indexOf("=");
  if (at === 0) throw new InvalidArgumentError("It must be name or name=value.");
  return [...before, at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]];
}
