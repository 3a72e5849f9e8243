/**
 * The one template every container is made from. Nothing of it comes from a request but what is written here by name, so there is no way to a
 * privileged container, a device, a path or a namespace of this machine. `inspect` of a container must show this and nothing else
 * (tested field by field).
 */
import { LABELS, type ContainerRequest } from "./engine.ts";
import type { Names } from "./names.ts";

/**
 * What an ordinary image needs when it begins as root and then lets go of it (nginx, postgres, redis): own its files, become another user,
 * signal what it started, listen below 1024. All the others of Docker's default set are dropped (raw sockets, device nodes, chroot, setfcap…).
 */
const ROOT_CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETGID",
  "CAP_SETUID",
] as const;

const LOG_LIMITS = { "max-size": "10m", "max-file": "3" };
/** Programs expect to be able to write here; counts to the memory limit. */
const SCRATCH = { "/tmp": "rw,nosuid,nodev,size=64m", "/run": "rw,nosuid,nodev,size=16m" };

/** Addresses at which Docker publishes TCP ports; null where containers are reached by their own address. */
export type PublishAt = string | null;

export function containerOptions(request: ContainerRequest, names: Names, publishAt: PublishAt) {
  const { service, generation, spec } = request;
  return {
    name: names.container(service, generation),
    Image: request.image,
    ...(spec.command === null ? {} : { Cmd: [...spec.command] }),
    Env: Object.entries(request.environment).map(([name, value]) => `${name}=${value}`),
    Labels: containerLabels(request, names),
    ...(spec.user === null ? {} : { User: spec.user }),
    ExposedPorts: exposedPorts(request),
    StopTimeout: spec.stop_timeout,
    HostConfig: hostConfig(request, names, publishAt),
    NetworkingConfig: { EndpointsConfig: { [names.network]: { Aliases: [service] } } },
  };
}

/** Ours win. */
function containerLabels({ service, generation, spec }: ContainerRequest, { namespace }: Names): Record<string, string> {
  const own = Object.entries(spec.labels).filter(([name]) => !name.startsWith("tidegate."));
  return {
    ...Object.fromEntries(own),
    [LABELS.namespace]: namespace,
    [LABELS.service]: service,
    [LABELS.generation]: String(generation),
  };
}

// Private

function hostConfig(request: ContainerRequest, names: Names, publishAt: PublishAt) {
  const { service, spec } = request;
  return {
    NetworkMode: names.network,
    Memory: spec.memory_limit,
    MemorySwap: spec.memory_limit,
    NanoCpus: Math.round(spec.cpu_limit * 1e9),
    PidsLimit: spec.pids_limit,
    RestartPolicy: { Name: spec.restart_policy, MaximumRetryCount: spec.restart_policy === "on-failure" ? 5 : 0 },
    ReadonlyRootfs: spec.read_only_root,
    ...(spec.read_only_root ? { Tmpfs: SCRATCH } : {}),
    Mounts: spec.volumes.map((volume) => ({
      Type: "volume" as const,
      Source: names.volume(service, volume.name),
      Target: volume.path,
      ReadOnly: volume.read_only,
    })),
    PortBindings: portBindings(request, publishAt),
    PublishAllPorts: false,
    Privileged: false,
    CapDrop: ["ALL"],
    CapAdd: startsAsRoot(spec.user) ? [...ROOT_CAPABILITIES] : [],
    SecurityOpt: ["no-new-privileges"],
    IpcMode: "private",
    LogConfig: { Type: "json-file", Config: LOG_LIMITS },
    Init: true,
  };
}

/** The image's own user may be root. */
function startsAsRoot(user: string | null): boolean {
  return user === null || /^(root|0+)(:|$)/.test(user);
}

function exposedPorts({ spec, publish }: ContainerRequest): Record<string, object> {
  const own = spec.port_configs.map((port) => `${port.container}/${port.protocol}`);
  const published = publish.map((port) => `${port.container}/${port.protocol}`);
  return Object.fromEntries([...own, ...published].map((port) => [port, {}]));
}

function portBindings(request: ContainerRequest, publishAt: PublishAt): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of request.publish)
    (bindings[`${port.container}/${port.protocol}`] ??= []).push({ HostIp: port.bind, HostPort: String(port.host) });
  if (publishAt === null) return bindings;
  for (const port of request.spec.port_configs)
    if (port.protocol === "tcp") bindings[`${port.container}/tcp`] = [{ HostIp: publishAt, HostPort: "" }];
  return bindings;
}
