/** Services as the API shows them: names of fields of the earlier systems, secrets as `***`, whoever asks. Pure. */
import type { Entity, ExternalService, Failure, ServiceData, ServiceSpec } from "@tidegate/gateway";
import type { ExternalServiceAnswer, ServiceAnswer, ServiceFailureAnswer, ServicePortAnswer } from "../contract.ts";

type Told = "name" | "version" | "created_at" | "updated_at" | "data";

export function serviceAnswer({ name, data, ...entity }: Pick<Entity<ServiceData>, Told>): ServiceAnswer {
  const { spec, container, previous } = data;
  return {
    service_name: name,
    status: data.state,
    version: entity.version,
    generation: data.generation,
    ...specAnswer(spec),
    container_id: container?.id ?? null,
    address: container?.address ?? null,
    port_configs: portAnswers(data),
    created_at: entity.created_at,
    updated_at: entity.updated_at,
    owner: data.owner,
    origin: data.origin,
    auto_proxy: data.auto_proxy ?? null,
    operation: operationAnswer(data),
    failure: data.failure === null ? null : failureAnswer(data.failure),
    previous: previous === null ? null : { generation: previous.generation, image: previous.spec.image },
  };
}

export function portAnswers({ spec, ports }: Pick<ServiceData, "spec" | "ports">): ServicePortAnswer[] {
  return spec.port_configs.map((port) => ({
    port_name: port.name,
    host_port: ports[port.name]?.host ?? (typeof port.host === "number" ? port.host : null),
    container_port: port.container,
    bind_address: port.bind,
    protocol: port.protocol,
    require_token: (port.access?.token_hashes.length ?? 0) > 0,
    require_certificate: (port.access?.client_ca ?? null) !== null,
    description: port.description,
  }));
}

export function externalAnswer({ name, data, version, created_at, updated_at }: Entity<ExternalService>): ExternalServiceAnswer {
  return { service_name: name, url: data.url, description: data.description, owner: data.owner, version, created_at, updated_at };
}

// Private

const UNITS = [
  ["g", 1024 ** 3],
  ["m", 1024 ** 2],
  ["k", 1024],
] as const;
const HIDDEN = "***";

/** The fields that are called the same on both sides go through as they are. */
function specAnswer(spec: ServiceSpec) {
  const { image, command, networks, labels, cpu_limit, pids_limit, restart_policy, read_only_root, user } = spec;
  const { strategy, drain_timeout, stop_timeout } = spec;
  return {
    image,
    build_context: spec.build?.context ?? null,
    dockerfile_path: spec.build === null || spec.build.inline ? null : spec.build.dockerfile,
    command,
    environment: environmentAnswer(spec),
    volumes: spec.volumes.map(({ name, path, read_only }) => `${name}:${path}${read_only ? ":ro" : ""}`),
    networks,
    labels,
    memory_limit: sizeOf(spec.memory_limit),
    cpu_limit,
    pids_limit,
    restart_policy,
    healthcheck: { ...spec.healthcheck },
    read_only_root,
    user,
    strategy,
    drain_timeout,
    stop_timeout,
  };
}

function environmentAnswer({ environment, secret_environment }: ServiceSpec): Record<string, string> {
  return { ...environment, ...Object.fromEntries(Object.keys(secret_environment).map((name) => [name, HIDDEN])) };
}

function operationAnswer({ operation }: ServiceData): ServiceAnswer["operation"] {
  if (operation === null) return null;
  const { id, kind, by, at, traceparent } = operation;
  return { id, kind, by, at, trace: traceparent.split("-")[1] ?? "" };
}

function failureAnswer({ at, stage, code, message, log_tail, trace }: Failure): ServiceFailureAnswer {
  return { at, stage, code, message, log_tail, trace };
}

/** As the API takes it: `512m`, or bytes where that would not be exact. */
function sizeOf(bytes: number): string {
  for (const [unit, size] of UNITS) if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  return String(bytes);
}
