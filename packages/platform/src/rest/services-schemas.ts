/**
 * Requests and answers of the service routes. What a service may be is judged by the gateway, which names the wrong field; the request schemas
 * here only tell people which fields there are.
 */
import { z } from "zod";
import type * as contract from "../contract.ts";

const millis = z.number().describe("Unix milliseconds.");
const any = (words: string): z.ZodType => z.unknown().optional().describe(words);

const specFields = {
  image: any("Name of an image; or build one with `dockerfile_path`."),
  dockerfile_path: any("Path of a Dockerfile inside `build_context`."),
  build_context: any("Folder inside the configured root of build contexts."),
  dockerfile: any("Text of a Dockerfile, instead of a path."),
  build_args: any("Arguments of the build, by name."),
  command: any("Instead of the image's: a list of words."),
  environment: any("Variables by name; what looks like a secret is kept encrypted. Replaces the open ones; `null` removes a secret one."),
  secret_environment: any("Variables that are kept encrypted and shown as `***`. Replaces all secret ones; `***` leaves one as it is."),
  port_configs: any("List of `{name, container, host, bind, protocol, source_token, client_ca, description}`."),
  internal_port: any("Of a single port, instead of `port_configs`: the port in the container; default 8080."),
  external_port: any("Of a single port: the port of this machine, a number or `{from, to}`."),
  bind_address: any("Of a single port: the address of this machine; default 127.0.0.1."),
  volumes: any("List of `name:/path[:ro]`; never a path of this machine."),
  networks: any("Names of Docker networks."),
  labels: any("Labels by name."),
  memory_limit: any("As `512m`."),
  cpu_limit: any("Processors, as 0.5."),
  pids_limit: any("Most processes."),
  restart_policy: any("no, always, unless-stopped or on-failure."),
  healthcheck: any("`{kind: http|tcp|docker, path, port, interval, timeout, deadline}`."),
  read_only_root: any("True unless the image must write outside its volumes and /tmp."),
  user: any("`uid[:gid]` or a name of the image."),
  pull: any("missing, always or never."),
  strategy: any("rolling or recreate."),
  drain_timeout: any("Seconds connections may go on at the old container."),
  stop_timeout: any("Seconds between SIGTERM and SIGKILL."),
};

const autoProxy =
  "Serve a host name from it, in one step: the name, or true for `<service_name>.localhost`. Its target is deleted with it.";
export const createRequest = z.looseObject({ service_name: any("Its name; required."), auto_proxy: any(autoProxy), ...specFields });
export const updateRequest = z.looseObject(specFields);
export const portRequest = z.looseObject({
  name: any("Unique in the service."),
  container: any("Port in the container; default: that of its first port."),
  host: any("Port of this machine: a number, `{from, to}`, or null for any."),
  bind: any("Address of this machine; default 127.0.0.1."),
  protocol: any("tcp or udp."),
  source_token: any("Whoever connects must show it first; `null` removes it."),
  source_tokens: any("Several of them."),
  client_ca: any("PEM: whoever connects needs a certificate of this authority."),
  description: any("For people."),
});
export const externalRequest = z.looseObject({
  service_name: any("Its name; needed to register."),
  url: any("http:// or https://."),
  description: any("For people."),
});

export const named = z.object({ name: z.string().min(1).max(128) });
export const namedPort = named.extend({ port_name: z.string().min(1).max(64) });
const flag = z.enum(["true", "false"]).transform((word) => word === "true");
export const off = flag.default(false);
const on = flag.default(true);
export const wait = z.object({ wait: on.describe("false: 202 as soon as it is noted down; look at the service to see how it goes on.") });

export const creation = wait.extend({
  auto_proxy: z.exactOptional(z.string().min(1).max(255)).describe(`The same as the field: ${autoProxy}`),
});

const servicePort: z.ZodType<contract.ServicePortAnswer> = z.object({
  port_name: z.string(),
  host_port: z.number().nullable().describe("Null before it is claimed."),
  container_port: z.number(),
  bind_address: z.string(),
  protocol: z.enum(["tcp", "udp"]),
  require_token: z.boolean(),
  require_certificate: z.boolean(),
  description: z.string(),
});

const operation = z.object({ id: z.string(), kind: z.string(), by: z.string(), at: millis, trace: z.string() });
const failure: z.ZodType<contract.ServiceFailureAnswer> = z.object({
  at: millis,
  stage: z.string(),
  code: z.string(),
  message: z.string(),
  log_tail: z.array(z.string()),
  trace: z.string().nullable(),
});

export const service: z.ZodType<contract.ServiceAnswer> = z.object({
  service_name: z.string(),
  status: z.enum(["creating", "running", "paused", "stopped", "updating", "failed", "deleting"]),
  version: z.number().describe("Grows with each change; also the ETag."),
  generation: z.number().describe("Grows with each container."),
  image: z.string().nullable(),
  build_context: z.string().nullable(),
  dockerfile_path: z.string().nullable(),
  container_id: z.string().nullable(),
  address: z.string().nullable(),
  port_configs: z.array(servicePort),
  command: z.array(z.string()).nullable(),
  environment: z.record(z.string(), z.string()).describe("Secret ones stand as `***`."),
  volumes: z.array(z.string()),
  networks: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  memory_limit: z.string(),
  cpu_limit: z.number(),
  pids_limit: z.number(),
  restart_policy: z.string(),
  healthcheck: z.record(z.string(), z.unknown()),
  read_only_root: z.boolean(),
  user: z.string().nullable(),
  strategy: z.string(),
  drain_timeout: z.number(),
  stop_timeout: z.number(),
  created_at: millis,
  updated_at: millis,
  owner: z.string(),
  origin: z.enum(["created", "adopted"]),
  auto_proxy: z.string().nullable().describe("The host name it was made with; its target goes with it."),
  operation: operation.nullable().describe("What is under way."),
  failure: failure.nullable().describe("Of the last operation that failed, or of a container that ended by itself."),
  previous: z.object({ generation: z.number(), image: z.string().nullable() }).nullable().describe("What a rollback goes back to."),
});

const docker: z.ZodType<contract.DockerAnswer> = z.object({
  available: z.boolean(),
  version: z.string().nullable(),
  problem: z.string().nullable().describe("One line: what is missing, and how to get it."),
});
export const services: z.ZodType<contract.ServicesAnswer> = z.object({ items: z.array(service), docker });
export const done: z.ZodType<contract.ServiceDoneAnswer> = z.object({
  service,
  proxy: z
    .exactOptional(z.object({ hostname: z.string(), urls: z.array(z.string()), warnings: z.array(z.string()) }))
    .describe("Of one that was just made with `auto_proxy`: where it is reached, and what is still missing for it."),
  operation: z.object({ id: z.string(), kind: z.string(), duration_ms: z.number() }),
});
export const ports: z.ZodType<contract.ServicePortsAnswer> = z.object({ service_name: z.string(), items: z.array(servicePort) });
export const unified: z.ZodType<contract.UnifiedAnswer> = z.object({
  items: z.array(z.object({ name: z.string(), type: z.enum(["docker", "external"]), url: z.string().nullable(), state: z.string() })),
});
export const cleanUp: z.ZodType<contract.CleanUpAnswer> = z.object({
  dry_run: z.boolean().describe("True: this is what would be removed."),
  containers: z.array(z.object({ id: z.string(), name: z.string() })),
  ports: z.array(z.object({ port: z.number(), owner: z.string() })),
});
export const external: z.ZodType<contract.ExternalServiceAnswer> = z.object({
  service_name: z.string(),
  url: z.string(),
  description: z.string(),
  owner: z.string(),
  version: z.number(),
  created_at: millis,
  updated_at: millis,
});
export const externals: z.ZodType<contract.ExternalServicesAnswer> = z.object({ items: z.array(external) });
export const stats: z.ZodType<contract.ServiceStatsAnswer> = z.object({
  service_name: z.string(),
  cpu_usage: z.number().describe("Per cent of one processor."),
  memory_usage: z.number().describe("Bytes, without the page cache."),
  memory_limit: z.number(),
  memory_percentage: z.number(),
  network_rx_bytes: z.number(),
  network_tx_bytes: z.number(),
  block_read_bytes: z.number(),
  block_write_bytes: z.number(),
  pids: z.number(),
});
export const logs: z.ZodType<contract.ServiceLogsAnswer> = z.object({
  service_name: z.string(),
  lines: z.array(z.object({ stream: z.enum(["stdout", "stderr"]), at: millis.nullable(), text: z.string() })),
});
const revision: z.ZodType<contract.RevisionAnswer> = z.object({
  kind: z.string(),
  name: z.string(),
  version: z.number(),
  change: z.enum(["created", "updated", "deleted", "rolled_back", "imported"]),
  at: millis,
  by: z.string(),
  trace: z.string().nullable(),
  data: z.exactOptional(z.unknown()).describe("As it was then; secrets as `***`."),
});
export const revisions: z.ZodType<contract.RevisionsAnswer> = z.object({ items: z.array(revision), next: z.string().nullable() });
