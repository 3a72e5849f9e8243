/**
 * A service as its form holds it, and the request it becomes. Pure. What is left out has the server's default, and an update names only what changed:
 * a secret that was not typed anew stays.
 */
import type { ServiceAnswer } from "tidegate/contract";
import { commandLine, wordsOf } from "./command-line.ts";

export interface PortDraft {
  name: string;
  container: string;
  /** Empty: any free one. */
  host: string;
  bind: string;
  protocol: "tcp" | "udp";
}

export interface VariableDraft {
  name: string;
  value: string;
  secret: boolean;
  /** A stored secret whose value is not shown. */
  stored: boolean;
}

export interface ServiceDraft {
  name: string;
  source: "image" | "dockerfile";
  image: string;
  dockerfile: string;
  ports: readonly PortDraft[];
  variables: readonly VariableDraft[];
  memory: string;
  cpus: string;
  pids: string;
  /** Empty: the server chooses. */
  health: "" | "http" | "tcp" | "docker";
  path: string;
  deadline: string;
  restart: string;
  command: string;
  volumes: string;
  user: string;
  readOnly: boolean;
  /** Served from it, made and deleted with it; empty: none. Only where it is made. */
  host: string;
}

export const DEFAULTS = { memory: "512m", cpus: "1", pids: "256", path: "/", deadline: "30", restart: "unless-stopped" } as const;
export const RESTARTS = ["unless-stopped", "always", "on-failure", "no"] as const;

export const blankPort: PortDraft = { name: "http", container: "", host: "", bind: "127.0.0.1", protocol: "tcp" };
export const blankVariable: VariableDraft = { name: "", value: "", secret: false, stored: false };

export const blank: ServiceDraft = {
  name: "",
  source: "image",
  image: "",
  dockerfile: "",
  ports: [{ ...blankPort, container: "8080" }],
  variables: [],
  ...DEFAULTS,
  health: "",
  command: "",
  volumes: "",
  user: "",
  readOnly: true,
  host: "",
};

export type Request = Record<string, unknown>;

/** The request, or the first thing that is wrong, in words. The server judges the rest. */
export function createRequest(draft: ServiceDraft): { request: Request } | { fault: string } {
  const fault = nameFault(draft.name) ?? draftFault(draft);
  if (fault !== null) return { fault };
  const host = draft.host.trim();
  const request = { service_name: draft.name.trim(), ...requestOf(draft), ...(host === "" ? {} : { auto_proxy: host }) };
  return { request: without(request, { ...requestOf(blank), port_configs: null }) };
}

/** Only what differs; null when nothing does. */
export function updateRequest(draft: ServiceDraft, before: ServiceDraft): { request: Request | null } | { fault: string } {
  const fault = draftFault(draft);
  if (fault !== null) return { fault };
  const request = without(requestOf(draft), requestOf(before));
  if ("environment" in request || "secret_environment" in request) Object.assign(request, variablesOf(draft.variables));
  return { request: Object.keys(request).length === 0 ? null : request };
}

export function draftOf(service: ServiceAnswer): ServiceDraft {
  const { healthcheck } = service;
  const text = (name: string): string => {
    const value = healthcheck[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const kind = text("kind");
  return {
    name: service.service_name,
    source: service.image === null ? "dockerfile" : "image",
    image: service.image ?? "",
    dockerfile: "",
    ports: service.port_configs.map((p) => ({
      name: p.port_name,
      container: String(p.container_port),
      host: p.host_port === null ? "" : String(p.host_port),
      bind: p.bind_address,
      protocol: p.protocol,
    })),
    variables: Object.entries(service.environment).map(([name, value]) =>
      value === HIDDEN ? { name, value: "", secret: true, stored: true } : { name, value, secret: false, stored: false },
    ),
    memory: service.memory_limit,
    cpus: String(service.cpu_limit),
    pids: String(service.pids_limit),
    health: kind === "http" || kind === "tcp" || kind === "docker" ? kind : "",
    path: text("path"),
    deadline: text("deadline"),
    restart: service.restart_policy,
    command: commandLine(service.command ?? []),
    volumes: service.volumes.join("\n"),
    user: service.user ?? "",
    readOnly: service.read_only_root,
    host: service.auto_proxy ?? "",
  };
}

// Private

const HIDDEN = "***";

function requestOf(draft: ServiceDraft): Request {
  const command = wordsOf(draft.command) ?? [];
  return {
    ...(draft.source === "image" ? { image: draft.image.trim() } : draft.dockerfile.trim() === "" ? {} : { dockerfile: draft.dockerfile }),
    port_configs: draft.ports.map(portOf),
    ...variablesOf(draft.variables),
    memory_limit: draft.memory.trim(),
    cpu_limit: Number(draft.cpus),
    pids_limit: Number(draft.pids),
    ...(draft.health === "" ? {} : { healthcheck: healthOf(draft) }),
    restart_policy: draft.restart,
    command: command.length === 0 ? null : command,
    volumes: draft.volumes
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter((line) => line !== ""),
    user: draft.user.trim() || null,
    read_only_root: draft.readOnly,
  };
}

function portOf({ name, container, host, bind, protocol }: PortDraft): Request {
  return { name: name.trim(), container: Number(container), host: host.trim() === "" ? null : Number(host), bind: bind.trim(), protocol };
}

function healthOf({ health, path, deadline }: ServiceDraft): Request {
  return { kind: health, ...(health === "http" ? { path: path.trim() || DEFAULTS.path } : {}), deadline: Number(deadline) };
}

function variablesOf(variables: readonly VariableDraft[]): {
  environment: Record<string, string>;
  secret_environment: Record<string, string>;
} {
  const named = variables.filter((v) => v.name.trim() !== "");
  const plain = named.filter((v) => !v.secret);
  const secret = named.filter((v) => v.secret);
  return {
    environment: Object.fromEntries(plain.map((v) => [v.name.trim(), v.value])),
    secret_environment: Object.fromEntries(secret.map((v) => [v.name.trim(), v.stored && v.value === "" ? HIDDEN : v.value])),
  };
}

function nameFault(name: string): string | null {
  return name.trim() === "" ? "Give it a name." : null;
}

function draftFault(draft: ServiceDraft): string | null {
  if (draft.source === "image" && draft.image.trim() === "") return "Name the image it runs.";
  if (wordsOf(draft.command) === null) return "The command has a quote that is not closed.";
  for (const port of draft.ports) {
    if (!isPort(port.container)) return `Port ${port.name || "without a name"}: the port in the container is a number from 1 to 65535.`;
    if (port.host.trim() !== "" && !isPort(port.host))
      return `Port ${port.name}: the port here is a number from 1 to 65535, or empty for any.`;
  }
  for (const [label, value] of [
    ["CPUs", draft.cpus],
    ["Processes", draft.pids],
    ["Healthy within", draft.deadline],
  ] as const)
    if (!(Number(value) > 0)) return `${label}: a number above 0.`;
  return null;
}

function isPort(text: string): boolean {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** What of `request` is not the same in `base`. */
function without(request: Request, base: Request): Request {
  return Object.fromEntries(Object.entries(request).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name])));
}
