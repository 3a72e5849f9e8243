/** Services in rows and words. */
import type { ServiceAnswer, ServiceDoneAnswer, ServicePortAnswer, ServiceStatsAnswer } from "../contract.ts";
import { ago, count, duration, facts, line, paint, printable, type Column } from "./output.ts";

export interface ServiceRow {
  readonly service: ServiceAnswer;
  readonly stats: ServiceStatsAnswer | null;
}

export const SERVICE_COLUMNS: readonly Column<ServiceRow>[] = [
  { title: "NAME", value: ({ service }) => service.service_name },
  { title: "STATE", value: ({ service }) => stateOf(service) },
  { title: "IMAGE", value: ({ service }) => imageOf(service) },
  { title: "PORTS", value: ({ service }) => service.port_configs.map(placeOf).join(", ") || "-" },
  { title: "AGE", value: ({ service }) => duration(Date.now() - service.created_at) },
  { title: "GENERATION", value: ({ service }) => service.generation, right: true },
];

export const STATS_COLUMNS: readonly Column<ServiceRow>[] = [
  { title: "CPU", value: ({ stats }) => (stats === null ? "-" : `${stats.cpu_usage.toFixed(1)} %`), right: true },
  { title: "MEMORY", value: ({ stats }) => (stats === null ? "-" : memoryOf(stats)), right: true },
];

export const PORT_COLUMNS: readonly Column<ServicePortAnswer>[] = [
  { title: "PORT", value: ({ port_name: name }) => name },
  { title: "HERE", value: (port) => `${hostOf(port.bind_address)}:${port.host_port ?? "-"}` },
  { title: "CONTAINER", value: ({ container_port: port }) => port, right: true },
  { title: "PROTOCOL", value: ({ protocol }) => protocol },
  { title: "ASKS FOR", value: asksFor },
  { title: "DESCRIPTION", value: ({ description }) => description || "-" },
];

export function page(service: ServiceAnswer): void {
  const { failure, operation, previous } = service;
  line(`${mark(service)} ${paint("bold", printable(service.service_name))} – ${stateOf(service)}`);
  facts([
    ["image", imageOf(service)],
    ...service.port_configs.map((port) => [`port ${port.port_name}`, portWords(port)] as const),
    [
      "container",
      service.container_id === null
        ? "none"
        : `${service.container_id.slice(0, 12)}${service.address === null ? "" : ` at ${service.address}`}`,
    ],
    [
      "limits",
      service.origin === "adopted"
        ? "as it was started"
        : `${service.memory_limit} memory, ${service.cpu_limit} CPU, ${service.pids_limit} processes`,
    ],
    ...(service.auto_proxy === null ? [] : [["host", `${service.auto_proxy}, which goes with it`] as const]),
    ["health", healthWords(service.healthcheck)],
    ["restart", service.restart_policy],
    ["deploys", `${service.strategy}, drain ${service.drain_timeout} s, stop ${service.stop_timeout} s`],
    ...list(
      "environment",
      Object.entries(service.environment).map(([name, value]) => `${name}=${value}`),
    ),
    ...list("volumes", service.volumes),
    ...list("networks", service.networks),
    [
      "created",
      `${new Date(service.created_at).toISOString()} (${ago(service.created_at)}) by ${service.owner}${service.origin === "adopted" ? ", adopted" : ""}`,
    ],
    [
      "generation",
      `${service.generation}${previous === null ? "" : `; generation ${previous.generation} (${previous.image ?? "built here"}) can be brought back`}`,
    ],
    ...(operation === null
      ? []
      : [["under way", `${operation.kind} by ${operation.by}, ${ago(operation.at)}   (tidegate trace show ${operation.trace})`] as const]),
  ]);
  if (failure === null) return;
  line(`${paint("red", "✗")} ${ago(failure.at)}: ${printable(failure.message)} (${failure.code})`);
  tail(failure.log_tail);
  if (failure.trace !== null) line(`  More: tidegate trace show ${failure.trace}`);
}

/** What a change came to, and what to do next. */
export function done({ service, operation, proxy }: ServiceDoneAnswer): void {
  const { service_name: name, failure } = service;
  line(
    `${paint("green", "✓")} ${paint("bold", printable(name))} ${WORDS[operation.kind] ?? operation.kind} (${seconds(operation.duration_ms)})`,
  );
  facts([
    ["image", imageOf(service)],
    ...service.port_configs.map((port) => [`port ${port.port_name}`, portWords(port)] as const),
    ...(proxy === undefined ? [] : [["host", proxy.urls[0] ?? proxy.hostname] as const]),
    ...next(service),
  ]);
  for (const warning of proxy?.warnings ?? []) line(`${paint("yellow", "!")} ${printable(warning)}`);
  if (failure !== null) line(`  ${printable(failure.message)}`);
}

/** Noted down; it goes on by itself. */
export function begun({ service, operation }: ServiceDoneAnswer): void {
  line(`${operation.kind} of ${printable(service.service_name)} has begun.`);
  facts([["see", `tidegate service show ${service.service_name}`]]);
}

// Private

const WORDS: Readonly<Record<string, string>> = {
  create: "runs",
  update: "runs in its new version",
  start: "runs again",
  stop: "is stopped",
  restart: "was restarted",
  rollback: "is back at the version before",
};

const MIB = 1024 * 1024;

function stateOf({ status, failure, operation }: ServiceAnswer): string {
  if (failure !== null && status === "running") return "running, last change failed";
  return operation === null || STATES_OF_WORK.has(status) ? status : `${status}, ${operation.kind} under way`;
}

const STATES_OF_WORK = new Set(["creating", "updating", "deleting"]);

function imageOf({ image, dockerfile_path: path, build_context: context }: ServiceAnswer): string {
  if (image !== null) return image;
  return path === null ? "built from a Dockerfile" : `built from ${context === null ? "" : `${context}/`}${path}`;
}

function mark({ status, failure }: ServiceAnswer): string {
  if (status === "failed" || failure !== null) return paint("red", "●");
  return paint(status === "running" ? "green" : "yellow", "●");
}

function placeOf({ host_port: here, bind_address: bind, container_port: container, protocol }: ServicePortAnswer): string {
  return `${here === null ? "-" : `${hostOf(bind)}:${here}`}→${container}${protocol === "udp" ? "/udp" : ""}`;
}

function hostOf(bind: string): string {
  return bind.includes(":") ? `[${bind}]` : bind;
}

function asksFor({ require_token: token, require_certificate: certificate }: ServicePortAnswer): string {
  return [...(token ? ["a token"] : []), ...(certificate ? ["a client certificate"] : [])].join(" or ") || "-";
}

function healthWords(health: Readonly<Record<string, unknown>>): string {
  const { kind, path, deadline } = health;
  const what = kind === "http" ? `GET ${String(path)} answers` : kind === "docker" ? "the image's HEALTHCHECK" : "something listens";
  return typeof deadline === "number" ? `${what} within ${deadline} s` : what;
}

function list(name: string, values: readonly string[]): (readonly [string, string])[] {
  return values.length === 0 ? [] : [[name, values.join("  ")]];
}

function next(service: ServiceAnswer): (readonly [string, string])[] {
  const { service_name: name, port_configs: ports } = service;
  if (service.status !== "running") return [["next", `tidegate service start ${name}`]];
  const url = urlOf(service);
  const closed = ports.find(({ require_token: token }) => token);
  return [
    ...(url === null ? [] : [["open", url] as const]),
    ...(closed === undefined ? [] : [["connect", `tidegate port connect ${name} ${closed.port_name}`] as const]),
    ["next", `tidegate service logs ${name} -f`],
  ];
}

function memoryOf({ memory_usage: used, memory_limit: limit }: ServiceStatsAnswer): string {
  return `${count(Math.round(used / MIB))} of ${count(Math.round(limit / MIB))} MiB`;
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

function tail(lines: readonly string[]): void {
  for (const text of lines) line(paint("dim", `  │ ${printable(text)}`));
}

function portWords(port: ServicePortAnswer): string {
  const { host_port: here, bind_address: bind, container_port: container, protocol } = port;
  const place = here === null ? "not claimed" : `${hostOf(bind)}:${here}`;
  return `${place} → ${container}${protocol === "udp" ? "/udp" : ""}${asksFor(port) === "-" ? "" : `, asks for ${asksFor(port)}`}`;
}

/** Of the first TCP port that is open to anybody, as a person opens it. */
function urlOf({ port_configs: ports }: ServiceAnswer): string | null {
  const port = ports.find((one) => one.protocol === "tcp" && one.host_port !== null && asksFor(one) === "-");
  if (port === undefined) return null;
  const everywhere = port.bind_address === "0.0.0.0" || port.bind_address === "::";
  return `http://${everywhere ? "127.0.0.1" : hostOf(port.bind_address)}:${port.host_port}`;
}
