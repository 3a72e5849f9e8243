/**
 * Docker's options that would hand over the machine, or a way around a limit. They are refused by name wherever they stand in a request and however
 * they are written (`Privileged`, `cap_add`, `CAP-ADD`), before anything else is looked at, with what can be had instead.
 */
import { GatewayError } from "../../errors.ts";

const NOTHING = "There is no such thing for services; run that container yourself and register it: tidegate service external.";
const LIMITS = "memory_limit, cpu_limit and pids_limit are the limits of a service.";
const NETWORKS = "Services are on Tidegate's own network; more with networks, ports with port_configs.";
const VOLUMES = 'Data is kept in named volumes: volumes: ["data:/var/lib/app"].';

/** Names without case and punctuation → what to use instead. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ...all(NOTHING, "privileged", "capadd", "addcapabilities", "devices", "device", "devicerequests", "devicecgrouprules", "gpus", "runtime"),
  ...all(NOTHING, "pidmode", "pid", "ipcmode", "ipc", "utsmode", "uts", "usernsmode", "userns", "cgroupnsmode", "cgroupns", "cgroupparent"),
  ...all(NOTHING, "cgroup", "isolation", "groupadd", "annotations", "sysctls", "sysctl", "credentialspec", "capabilities"),
  ...all(
    "Every service runs with no-new-privileges and few capabilities; that cannot be changed.",
    "securityopt",
    "securityopts",
    "capdrop",
  ),
  ...all("Every service runs with no-new-privileges and few capabilities; that cannot be changed.", "maskedpaths", "readonlypaths"),
  ...all(
    VOLUMES,
    "binds",
    "bindmounts",
    "mounts",
    "mount",
    "volumesfrom",
    "volumedriver",
    "tmpfs",
    "storageopt",
    "driveropts",
    "volumeoptions",
  ),
  ...all(
    NETWORKS,
    "networkmode",
    "network",
    "net",
    "networkingconfig",
    "endpointsconfig",
    "extrahosts",
    "addhost",
    "links",
    "publishallports",
  ),
  ...all(NETWORKS, "portbindings", "exposedports", "dns", "dnssearch", "dnsoptions", "macaddress"),
  ...all(
    LIMITS,
    "ulimits",
    "ulimit",
    "oomkilldisable",
    "oomscoreadj",
    "memoryswap",
    "memoryswappiness",
    "memoryreservation",
    "kernelmemory",
  ),
  ...all(
    LIMITS,
    "kernelmemorytcp",
    "shmsize",
    "cpuset",
    "cpusetcpus",
    "cpusetmems",
    "cpushares",
    "cpuquota",
    "cpuperiod",
    "cpurealtimeperiod",
  ),
  ...all(
    LIMITS,
    "cpurealtimeruntime",
    "nanocpus",
    "pidslimits",
    "blkioweight",
    "blkioweightdevice",
    "blkiodevicereadbps",
    "blkiodevicewritebps",
  ),
  ...all(LIMITS, "blkiodevicereadiops", "blkiodevicewriteiops", "iomaximumbandwidth", "iomaximumiops"),
  ...all(
    "Name what you want in the fields of a service; Docker's own request is never passed on.",
    "hostconfig",
    "containerconfig",
    "config",
  ),
  ...all("Logs are kept by Docker with a limit, and read with tidegate service logs.", "logconfig", "logdriver", "logopts", "logging"),
]);

/** A field of the earlier systems, which may say that nothing is added. */
const ALLOWED_EMPTY = "capabilities";
const DEEPEST = 8;
/** Under these every name is a person's own. */
const FREE = new Set(["environment", "secret_environment", "labels", "build_args", "args"]);

/** Throws OPTION_REFUSED for the first that is found. */
export function refuseOptions(value: unknown, path = "", depth = 0): void {
  if (value === null || typeof value !== "object") return;
  if (depth > DEEPEST) throw new GatewayError("INVALID_SPEC", `${path}: nothing of a service is nested this deep.`);
  if (Array.isArray(value)) return value.forEach((item, at) => refuseOptions(item, `${path}[${at}]`, depth + 1));
  for (const [name, inner] of Object.entries(value)) {
    const instead = name === ALLOWED_EMPTY ? undefined : REFUSED.get(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ""));
    const where = path === "" ? name : `${path}.${name}`;
    if (instead !== undefined) throw refused(where, instead);
    if (!FREE.has(name)) refuseOptions(inner, where, depth + 1);
  }
}

export function refused(option: string, instead: string): GatewayError {
  return new GatewayError(
    "OPTION_REFUSED",
    `The option ${shown(option)} is never allowed: with it a service could take over this machine.`,
    {
      hint: instead,
    },
  );
}

/** A field that a request may not have is named, but not at any length. */
export function shown(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

// Private

function all(instead: string, ...names: readonly string[]): [string, string][] {
  return names.map((name) => [name, instead]);
}
