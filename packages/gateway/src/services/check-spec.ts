/**
 * Checks and completes what a person sends for a service. An exact list of fields: what is not in it is an error, and what Docker would understand
 * of it is refused by name. Pure; what only the machine can tell (is the port free, is the image there) comes later.
 */
import { GatewayError } from "../errors.ts";
import { readEnvironment, readLabels } from "./checking/environment.ts";
import { choice, list, matching, number, object, text, truth, wrong, type Fields } from "./checking/fields.ts";
import { readHealth } from "./checking/health.ts";
import { readLimits } from "./checking/limits.ts";
import { readPorts, SHORT_FIELDS } from "./checking/ports.ts";
import { refuseOptions, refused } from "./checking/refused.ts";
import { readSource } from "./checking/source.ts";
import { readVolumes } from "./checking/volumes.ts";
import { RESTART_POLICIES, STRATEGIES, type PortSpec, type ServiceSpec } from "./spec.ts";

/** As in `docs/reference/service-fields.md`. */
export const SPEC_FIELDS = [
  "image",
  "dockerfile_path",
  "build_context",
  "build_args",
  "dockerfile",
  "build",
  "pull",
  "command",
  "environment",
  "secret_environment",
  "labels",
  "volumes",
  "networks",
  "memory_limit",
  "cpu_limit",
  "pids_limit",
  "restart_policy",
  "healthcheck",
  "read_only_root",
  "user",
  "capabilities",
  "port_configs",
  ...SHORT_FIELDS,
  "strategy",
  "drain_timeout",
  "stop_timeout",
] as const;

export interface CheckedSpec {
  readonly name: string;
  readonly spec: ServiceSpec;
  /** Plain values, not sealed yet; `spec.secret_environment` has none of them. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** INVALID_NAME, INVALID_SPEC, OPTION_REFUSED, INVALID_IMAGE, INVALID_PORT. A stored spec is a request too. */
export function checkSpec(request: unknown): CheckedSpec {
  refuseOptions(request);
  const { service_name: name, ...fields } = object(request, "", ["service_name", ...SPEC_FIELDS]);
  return { name: serviceName(name), ...complete(fields, null) };
}

/** Only the given fields change. Secrets that stay are in `spec.secret_environment`, as they were. */
export function mergeSpec(name: string, before: ServiceSpec, request: unknown): Omit<CheckedSpec, "name"> {
  refuseOptions(request);
  const { service_name: same = name, ...fields } = object(request, "", ["service_name", ...SPEC_FIELDS]);
  if (same !== name) throw wrong("service_name", `${name}: a service keeps its name`, same);
  return complete(fields, before);
}

// Private

const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const USER = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?$/;
const NETWORK = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const NOT_JOINED = /^(?:host|none|bridge|default|container:.*|ns:.*)$/i;

const DEFAULTS = {
  image: null,
  build: null,
  pull: "missing",
  command: null,
  environment: {},
  secret_environment: {},
  labels: {},
  volumes: [],
  networks: [],
  memory_limit: 512 * 1024 ** 2,
  cpu_limit: 1,
  pids_limit: 256,
  restart_policy: "unless-stopped",
  read_only_root: true,
  user: null,
  drain_timeout: 30,
  stop_timeout: 10,
} as const;

function serviceName(value: unknown): string {
  if (typeof value === "string" && NAME.test(value)) return value;
  const found = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : "nothing of the kind";
  throw new GatewayError(
    "INVALID_NAME",
    `service_name must be 1 to 63 of a–z, 0–9, _ and -, beginning with a letter or digit; found ${found}.`,
    {
      hint: "For example: hello, api-2.",
    },
  );
}

function complete(given: Fields, before: ServiceSpec | null): Omit<CheckedSpec, "name"> {
  const base = before ?? DEFAULTS;
  const read = reader(given);
  checkCapabilities(given["capabilities"]);
  const { secrets, ...environment } = readEnvironment(given, base);
  const ports = readPorts(given, before?.port_configs ?? null);
  const volumes = read("volumes", readVolumes, base.volumes);
  const spec: ServiceSpec = {
    ...readSource(given, before),
    pull: read("pull", (value) => choice(value, "pull", ["missing", "always", "never"]), base.pull),
    command: read("command", readCommand, base.command),
    ...environment,
    labels: read("labels", readLabels, base.labels),
    volumes,
    networks: read("networks", readNetworks, base.networks),
    ...readLimits(given, base),
    restart_policy: read("restart_policy", (value) => choice(value, "restart_policy", RESTART_POLICIES), base.restart_policy),
    healthcheck: readHealth(given["healthcheck"], before?.healthcheck ?? null, ports),
    read_only_root: read("read_only_root", (value) => truth(value, "read_only_root"), base.read_only_root),
    user: read("user", readUser, base.user),
    port_configs: ports,
    strategy: readStrategy(given["strategy"], before, { volumes, port_configs: ports }),
    drain_timeout: read("drain_timeout", (value) => number(value, "drain_timeout", 0, 86_400), base.drain_timeout),
    stop_timeout: read("stop_timeout", (value) => number(value, "stop_timeout", 0, 3600), base.stop_timeout),
  };
  return { spec, secrets };
}

function reader(given: Fields) {
  return <T>(name: (typeof SPEC_FIELDS)[number], read: (value: unknown) => T, otherwise: T): T =>
    given[name] === undefined ? otherwise : read(given[name]);
}

/** The earlier systems had the field; it can only say that nothing is added. */
function checkCapabilities(value: unknown): void {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return;
  throw refused("capabilities", "A service has the few capabilities that an ordinary image needs to begin as root; none can be added.");
}

function readCommand(value: unknown): string[] | null {
  if (value === null) return null;
  if (typeof value === "string") throw wrong("command", 'a list of words, as ["node", "server.js"]', value);
  const words = list(value, "command", 256).map((word, at) => text(word, `command[${at}]`, 16_384));
  if (words.length === 0) throw wrong("command", "a list of at least one word, or null for the image's", words);
  return words;
}

function readNetworks(value: unknown): string[] {
  const names = list(value, "networks", 16).map((name, at) => {
    const found = text(name, `networks[${at}]`, 256);
    if (NOT_JOINED.test(found))
      throw refused(`networks[${at}] (${found})`, "A service joins networks made for it; see docs/reference/service-fields.md.");
    return matching(found, `networks[${at}]`, NETWORK, "the name of a Docker network");
  });
  return [...new Set(names)];
}

function readUser(value: unknown): string | null {
  return value === null ? null : matching(value, "user", USER, "uid, uid:gid, or a name of the image", 64);
}

/** Two containers cannot publish one UDP port, and seldom share one volume. */
function readStrategy(value: unknown, before: ServiceSpec | null, spec: Shared): ServiceSpec["strategy"] {
  const usual = usualStrategy(spec);
  const kept = before !== null && before.strategy !== usualStrategy(before) ? before.strategy : usual;
  const strategy = value === undefined || value === null ? kept : choice(value, "strategy", STRATEGIES);
  if (!hasUdp(spec.port_configs) || strategy === "recreate") return strategy;
  if (value === undefined || value === null) return "recreate";
  throw wrong("strategy", "recreate where a port is UDP", strategy);
}

type Shared = Pick<ServiceSpec, "volumes" | "port_configs">;

function usualStrategy({ volumes, port_configs: ports }: Shared): ServiceSpec["strategy"] {
  return volumes.length > 0 || hasUdp(ports) ? "recreate" : "rolling";
}

function hasUdp(ports: readonly PortSpec[]): boolean {
  return ports.some(({ protocol }) => protocol === "udp");
}
