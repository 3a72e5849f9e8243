/** When a service is healthy. Without a word: as soon as its first TCP port accepts; without such a port when its image says so. */
import type { HealthSpec, PortSpec } from "../spec.ts";
import { choice, matching, number, object, wrong, type Fields } from "./fields.ts";

const FIELDS = ["kind", "path", "port", "interval", "timeout", "deadline"];
const PATH = /^\/[\x21-\x7e]*$/;

export function readHealth(value: unknown, before: HealthSpec | null, ports: readonly PortSpec[]): HealthSpec {
  const fields = value === undefined || value === null ? {} : object(value, "healthcheck", FIELDS);
  const tcp = ports.filter(({ protocol }) => protocol === "tcp");
  const usual = before ?? { kind: tcp.length > 0 ? "tcp" : "docker", path: "/", port: null, interval: 1, timeout: 5, deadline: 30 };
  const kind = fields["kind"] ?? (fields["path"] === undefined ? usual.kind : "http");
  const health = {
    kind: choice(kind, "healthcheck.kind", ["http", "tcp", "docker"] as const),
    path: fields["path"] === undefined ? usual.path : matching(fields["path"], "healthcheck.path", PATH, "a path as /health", 2048),
    port: fields["port"] === undefined ? stillThere(usual.port, tcp) : probed(fields["port"], tcp),
    interval: seconds(fields, "interval", 0.1, 300, usual.interval),
    timeout: seconds(fields, "timeout", 0.1, 300, usual.timeout),
    deadline: seconds(fields, "deadline", 1, 3600, usual.deadline),
  };
  if (health.kind === "docker" || tcp.length > 0) return health;
  if (value === undefined && before !== null) return { ...health, kind: "docker" };
  throw wrong("healthcheck.kind", "docker: the service has no TCP port", health.kind);
}

// Private

function seconds(fields: Fields, name: string, least: number, most: number, usual: number): number {
  return fields[name] === undefined ? usual : number(fields[name], `healthcheck.${name}`, least, most, false);
}

/** By name, or by its number in the container. */
function probed(value: unknown, tcp: readonly PortSpec[]): string | null {
  if (value === null) return null;
  const found = tcp.find(({ name, container }) => name === value || container === value);
  if (found !== undefined) return found.name;
  throw wrong("healthcheck.port", `one of its TCP ports: ${tcp.map(({ name }) => name).join(", ") || "there is none"}`, value);
}

function stillThere(port: string | null, tcp: readonly PortSpec[]): string | null {
  return tcp.some(({ name }) => name === port) ? port : null;
}
