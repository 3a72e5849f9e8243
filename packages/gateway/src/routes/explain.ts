/** Which target and route a URL takes and why, in words: the same table and the same functions that serve, asked one by one. */
import { candidates, form, type Candidate, type Candidates } from "./candidates.ts";
import { conflictsOf, type RouteConflict } from "./conflicts.ts";
import { hostName, wildcardOf } from "./host.ts";
import type { Question, RouteEntry, TargetEntry } from "./question.ts";
import { normalisePath } from "./path.ts";
import type { Upstream } from "./spec.ts";
import { compileTable, type Found, type RouteTable, type TableInput } from "./table.ts";

export interface Asked {
  /** Default GET. */
  readonly method?: string;
  /** `https://app.example/api?x=1`; without a scheme https. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address of the client; default 127.0.0.1. */
  readonly client?: string;
}

export interface Explanation {
  readonly method: string;
  readonly url: string;
  readonly client: string;
  /** What happens, sentence by sentence. */
  readonly steps: readonly ExplainedStep[];
  /** Routes of the target in the order they are asked; of those whose path does not fit only the first. */
  readonly candidates: readonly Candidate[];
  /** How many routes are not listed. */
  readonly omitted: number;
  readonly target: string | null;
  readonly route: string | null;
  /** What the client gets from the edge itself; null: the upstream answers. Access and limits are not asked here. */
  readonly status: number | null;
  readonly location: string | null;
  /** `http://127.0.0.1:9000`, `service:hello`. */
  readonly upstream: string | null;
  /** With query; below the path of the upstream's URL. */
  readonly upstream_path: string | null;
  readonly conflicts: readonly RouteConflict[];
}

export type { Candidate } from "./candidates.ts";

export interface ExplainedStep {
  readonly about: "host" | "path" | "route" | "target" | "access" | "answer";
  readonly text: string;
}

export function explain(input: TableInput, asked: Asked): Explanation {
  const table = compileTable(input);
  const { host, scheme, target: sent } = split(asked.url);
  const base = { ...NOTHING, method: (asked.method ?? "GET").toUpperCase(), url: asked.url, client: asked.client ?? "127.0.0.1" };
  const path = normalisePath(sent);
  if (!path.ok) return { ...base, status: 400, steps: [{ about: "path", text: `The path is refused with 400: ${path.problem}.` }] };
  const steps: ExplainedStep[] = [pathStep(sent, path.path)];
  const target = table.target(host);
  steps.push(hostStep(host, target));
  if (target === null) return { ...base, steps, status: 404 };
  const question = ask(asked, base, host, scheme === "https", path);
  return { ...base, ...found(table, input, target, question, steps) };
}

/** `http://127.0.0.1:9000`, `service:hello:admin`. */
export function upstreamText(upstream: Upstream): string {
  if (upstream.kind === "url") return upstream.urls.join(", ") || "nowhere";
  return `service:${upstream.service}${upstream.port === null ? "" : `:${upstream.port}`}`;
}

// Private

const NOTHING = {
  steps: [],
  candidates: [],
  omitted: 0,
  target: null,
  route: null,
  status: null,
  location: null,
  upstream: null,
  upstream_path: null,
  conflicts: [],
} as const;

interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly target: string;
}

/** By hand: `new URL` would tidy the path up before anybody could see what the edge does with it. */
function split(url: string): Url {
  const [, scheme = "https", authority = "", rest = ""] = /^(?:(https?):\/\/)?([^/?#]*)([^#]*)/i.exec(url.trim()) ?? [];
  const name = authority.replace(/^[^@]*@/, "").replace(/:\d*$/, "");
  const ascii = rest.replaceAll(/[^\x21-\x7e]+/gu, encodeURIComponent);
  return { scheme: scheme.toLowerCase(), host: hostName(name) ?? name.toLowerCase(), target: ascii.startsWith("/") ? ascii : `/${ascii}` };
}

function ask(
  asked: Asked,
  base: { method: string; client: string },
  host: string,
  secure: boolean,
  path: { path: string; query: string },
): Question {
  const headers = new Map(Object.entries(asked.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    host,
    path: path.path,
    query: path.query,
    secure,
    method: base.method,
    client: base.client,
    header: (name) => headers.get(name) ?? null,
  };
}

function pathStep(sent: string, path: string): ExplainedStep {
  const [before = ""] = sent.split("?");
  return { about: "path", text: before === path ? `The path is ${path}.` : `The path ${before} is taken as ${path}.` };
}

function hostStep(host: string, target: TargetEntry | null): ExplainedStep {
  const wildcard = wildcardOf(host);
  if (target === null) {
    return { about: "host", text: `No target has the host ${host}${wildcard === null ? "" : `, nor ${wildcard}`}: 404.` };
  }
  const text = target.name === host ? `The host ${host} is a target.` : `There is no target ${host}; the wildcard ${target.name} takes it.`;
  return { about: "host", text };
}

type Part = Partial<Explanation> & Pick<Explanation, "steps">;

function found(table: RouteTable, input: TableInput, target: TargetEntry, question: Question, steps: readonly ExplainedStep[]): Part {
  const answer = table.find(question);
  const listed = candidates(table, target, question);
  const chosen = answer.kind === "found" ? answer.route : null;
  const conflicts = chosen === null ? [] : conflictsOf(chosen, input.routes);
  const all = [...steps, ...modeSteps(target), routeStep(answer, target, listed), ...accessStep(target, chosen)];
  return { target: target.name, route: chosen?.name ?? null, conflicts, ...listed, ...outcome(answer, target, question, all) };
}

function modeSteps({ name, data }: TargetEntry): ExplainedStep[] {
  const text =
    data.route_mode === "none"
      ? `${name} takes no routes (route_mode none).`
      : data.route_mode === "selective"
        ? `${name} takes only the routes ${data.enabled_routes.join(", ") || "that are named, which is none"} (route_mode selective).`
        : data.disabled_routes.length > 0
          ? `${name} takes all routes but ${data.disabled_routes.join(", ")}.`
          : null;
  return text === null ? [] : [{ about: "target", text }];
}

function routeStep(answer: Found, target: TargetEntry, { candidates: all }: Candidates): ExplainedStep {
  if (answer.kind === "refused") return { about: "route", text: `Refused with 400: ${answer.why}.` };
  if (answer.kind === "found" && answer.route !== null) {
    return {
      about: "route",
      text: `The route ${answer.route.name} (${form(answer.route.data)}, priority ${answer.route.data.priority}) is the first that matches.`,
    };
  }
  const why = all.length === 0 ? "There are no routes for it" : "None of its routes matches";
  return { about: "route", text: `${why}: ${target.name} itself serves.` };
}

function accessStep(target: TargetEntry, route: RouteEntry | null): ExplainedStep[] {
  const own = route?.data.access ?? null;
  const names = [
    ...(target.data.access !== null && !(own !== null && route?.data.override_access === true) ? [`the target ${target.name}`] : []),
    ...(own === null ? [] : [`the route ${route?.name ?? ""}`]),
  ];
  return names.length === 0 ? [] : [{ about: "access", text: `The client must pass the access of ${names.join(" and of ")}.` }];
}

function outcome(answer: Found, target: TargetEntry, question: Question, steps: readonly ExplainedStep[]): Part {
  const said = (text: string): ExplainedStep[] => [...steps, { about: "answer", text }];
  if (answer.kind !== "found") return { steps, status: answer.kind === "refused" ? 400 : 404 };
  const shut = closed(target, question.secure);
  if (shut !== null) return { steps: said(shut.text), status: shut.status };
  if (answer.redirect !== null) {
    const { status, location } = answer.redirect;
    return { steps: said(`The client is sent to ${location} with ${status}.`), status, location };
  }
  const upstream = upstreamText(answer.upstream);
  if (answer.upstream.kind === "url" && answer.upstream.urls.length === 0) {
    return { steps: said(`The route leads to ${answer.route?.data.target_value ?? ""}, which is no target: 503.`), status: 503 };
  }
  const path = `${basePath(answer.upstream)}${answer.path}${question.query}`;
  return { steps: said(`${upstream} is asked for ${question.method} ${path}.`), status: null, upstream, upstream_path: path };
}

function closed({ name, data }: TargetEntry, secure: boolean): { status: number; text: string } | null {
  if (secure && !data.enable_https) return { status: 404, text: `${name} is not served by HTTPS: 404.` };
  if (!secure && data.http === "off") return { status: 404, text: `${name} is not served by HTTP: 404.` };
  if (!secure && data.http === "redirect") return { status: 308, text: `${name} sends HTTP to HTTPS with 308.` };
  if (!data.enabled) return { status: 503, text: `${name} is disabled: 503.` };
  return data.mode === "maintenance" ? { status: 503, text: `${name} is under maintenance: 503.` } : null;
}

function basePath(upstream: Upstream): string {
  const [first] = upstream.kind === "url" ? upstream.urls : [];
  return first === undefined ? "" : new URL(first).pathname.replace(/\/+$/, "");
}
