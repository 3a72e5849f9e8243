/** After a crowd: nothing leaked, nothing twice, everything told. Each answer is compared with what the operating system and Docker say. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { PortsAnswer, ServiceAnswer, ServicesAnswer, TraceAnswer } from "../../packages/platform/src/contract.ts";
import type { Act } from "./services-crowd.ts";
import type { TidegateInstance } from "./services-instance.ts";

export interface Findings {
  readonly problems: readonly string[];
  readonly services: number;
  readonly ports: number;
  readonly traces: number;
}

export interface Container {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `containers`: all there are in the engine, of any state. */
export async function check(
  instances: readonly TidegateInstance[],
  containers: readonly Container[],
  acts: readonly Act[],
): Promise<Findings> {
  const services = await answered<ServicesAnswer>(instances, "/api/v1/services").then(({ items }) => items);
  const claims = await answered<PortsAnswer>(instances, "/api/v1/services/ports").then(({ items }) => items);
  const problems = [
    ...oneEach(services, containers),
    ...portsOf(services, claims),
    ...listening(instances, claims),
    ...(await Promise.all(services.map(serves))).flat(),
    ...(await traces(instances, acts)),
  ];
  return { problems, services: services.length, ports: claims.length, traces: acts.length };
}

/** Ports on which the processes listen, by the kernel. */
export function portsOfProcesses(pids: readonly number[]): Set<number> {
  const inodes = new Set(pids.flatMap(socketsOf));
  const rows = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/net/${table}`, "utf8").trim().split("\n").slice(1));
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const ours = fields.filter((row) => row[3] === "0A" && inodes.has(row[9] ?? ""));
  return new Set(ours.map((row) => Number.parseInt(row[1]?.split(":")[1] ?? "", 16)));
}

export async function answered<T>(instances: readonly TidegateInstance[], path: string): Promise<T> {
  const limit = performance.now() + 60_000;
  for (let turn = 0; performance.now() < limit; turn++) {
    const answer = await instances[turn % instances.length]?.ask("GET", path);
    if (answer?.status === 200) return answer.body as T;
    await pause(50);
  }
  throw new Error(`nobody answers ${path}`);
}

// Private

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const target = linkOf(`/proc/${pid}/fd/${fd}`);
      return target.startsWith("socket:[") ? [target.slice(8, -1)] : [];
    });
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function oneEach(services: readonly ServiceAnswer[], containers: readonly Container[]): string[] {
  const known = new Map(services.map(({ container_id, service_name }) => [container_id, service_name]));
  const strangers = containers.filter(({ id }) => !known.has(id));
  const missing = services.filter(({ container_id }) => !containers.some(({ id }) => id === container_id));
  return [
    ...strangers.map(({ id, labels }) => `container ${id.slice(0, 12)} of ${labels["tidegate.service"]} is an orphan`),
    ...missing.map(({ service_name }) => `${service_name} has no container`),
    ...services
      .filter(({ status }) => status !== "running")
      .map(
        ({ service_name, status, failure }) =>
          `${service_name} is ${status}: ${failure?.code} ${failure?.message}, trace ${failure?.trace}`,
      ),
  ];
}

function portsOf(services: readonly ServiceAnswer[], claims: PortsAnswer["items"]): string[] {
  const given = services.flatMap(({ service_name, port_configs }) => port_configs.map(({ host_port }) => ({ service_name, host_port })));
  const twice = given.filter(({ host_port }, index) => given.findIndex((one) => one.host_port === host_port) !== index);
  const unclaimed = given.filter(({ host_port }) => !claims.some(({ port }) => port === host_port));
  const leaked = claims.filter(({ port }) => !given.some(({ host_port }) => host_port === port));
  return [
    ...twice.map(({ service_name, host_port }) => `port ${host_port} of ${service_name} was given twice`),
    ...unclaimed.map(({ service_name, host_port }) => `port ${host_port} of ${service_name} is not claimed`),
    ...leaked.map(({ port, owner }) => `port ${port} of ${owner} leaked`),
  ];
}

function listening(instances: readonly TidegateInstance[], claims: PortsAnswer["items"]): string[] {
  const wanted = new Set(claims.map(({ port }) => port));
  return instances.flatMap(({ edge, frontDoor }, index) => {
    const found = portsOfProcesses(edge);
    const missing = [...wanted].filter((port) => !found.has(port)).map((port) => `edge ${index} does not listen on ${port}`);
    return [
      ...missing,
      ...[...found]
        .filter((port) => !wanted.has(port) && !frontDoor.has(port))
        .map((port) => `edge ${index} listens on ${port}, which nobody has`),
    ];
  });
}

async function serves({ service_name, image, port_configs }: ServiceAnswer): Promise<string[]> {
  const port = port_configs[0]?.host_port;
  try {
    const text = (await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(10_000) })).text()).trim();
    return image?.endsWith(`:${text}`) === true ? [] : [`${service_name} answers ${JSON.stringify(text.slice(0, 40))} as ${image}`];
  } catch (error) {
    return [`${service_name} does not answer on ${port}: ${String(error)}`];
  }
}

/** Each trace has ended; where the process that began it was killed, its first span is interrupted, and the rest was done by another. */
async function traces(instances: readonly TidegateInstance[], acts: readonly Act[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { trace, service, what, status } of acts) {
    const found = await ended(instances, trace);
    // A request that reached nobody has no trace.
    if (found === null) problems.push(...(status === null ? [] : [`${what} of ${service} (${status}) has no trace ${trace}`]));
    else if (found.records.some(({ endedAt }) => endedAt === null)) problems.push(`${what} of ${service}: trace ${trace} has not ended`);
    else problems.push(...astray(found).map((name) => `${what} of ${service}: in trace ${trace} the span ${name} has no parent`));
  }
  return problems;
}

/** The request's own span has its parent here, with the one who asked. */
function astray({ records }: TraceAnswer): string[] {
  const known = new Set(records.map(({ spanId }) => spanId));
  const lost = records.filter(({ parentId, kind }) => parentId !== null && !known.has(parentId) && kind !== "server");
  return lost.map(({ name, service, parentId }) => `${name} (${service}, parent ${parentId})`);
}

/** Spans of a killed process are closed by another after half a minute. */
async function ended(instances: readonly TidegateInstance[], trace: string): Promise<TraceAnswer | null> {
  const limit = performance.now() + 60_000;
  for (;;) {
    const answer = await instances[0]?.ask("GET", `/api/v1/traces/${trace}`);
    if (answer?.status === 404) return null;
    const found = answer?.status === 200 ? (answer.body as TraceAnswer) : null;
    if (found !== null && (found.records.every(({ endedAt }) => endedAt !== null) || performance.now() > limit)) return found;
    if (performance.now() > limit) throw new Error(`no answer about trace ${trace}`);
    await pause(200);
  }
}
