/** What a service is to be, as options of the command line, and the request they make. Values of secrets never stand on the command line. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { messageOf } from "../errors.ts";
import { usage } from "./failure.ts";
import { parseData } from "./json-data.ts";
import { wholeNumber } from "./numbers.ts";
import { askSecret } from "./secret-prompt.ts";

export interface SpecFlags {
  readonly file?: string;
  readonly image?: string;
  readonly pull?: string;
  readonly dockerfile?: string;
  readonly context?: string;
  readonly buildArg?: readonly Pair[];
  readonly port?: readonly NamedPort[];
  readonly hostPort?: HostPort;
  readonly bind?: string;
  readonly env?: readonly Pair[];
  readonly secret?: readonly string[];
  readonly volume?: readonly string[];
  readonly network?: readonly string[];
  readonly label?: readonly Pair[];
  readonly memory?: string;
  readonly cpus?: number;
  readonly pids?: number;
  readonly health?: string;
  readonly deadline?: number;
  readonly restart?: string;
  readonly user?: string;
  readonly writable?: boolean;
  readonly strategy?: string;
  readonly drain?: number;
}

type Pair = readonly [name: string, value: string];
type HostPort = number | { readonly from: number; readonly to: number };

interface NamedPort {
  readonly name: string | null;
  readonly container: number;
}

export function addSpecOptions(command: Command): Command {
  return command
    .option("--image <image>", "name of an image")
    .option("--dockerfile <file>", "build it: with --context a path in there, else this very file without a context")
    .option("--context <folder>", "folder to build from; inside the folder Tidegate runs in, or TIDEGATE_CONTEXTS")
    .option("--build-arg <name=value>", "argument of the build (may be repeated)", pairs)
    .option("--pull <when>", "missing, always or never")
    .option("--port <[name=]port>", "port in the container (may be repeated); default: 8080", ports)
    .option("--host-port <port|from-to>", "port of this machine: exactly this one, or the first free of a range", hostPort)
    .option("--bind <address>", "address of this machine; 127.0.0.1 unless given")
    .option("--env <name=value>", "variable (may be repeated)", pairs)
    .option(
      "--secret <name>",
      "variable that stays encrypted; its value comes from your environment or is asked for (may be repeated)",
      collect,
    )
    .option("--volume <name:/path[:ro]>", "data that outlives the container (may be repeated)", collect)
    .option("--network <name>", "Docker network (may be repeated)", collect)
    .option("--label <name=value>", "label (may be repeated)", pairs)
    .option("--memory <size>", "most memory, as 256m; default 512m")
    .option("--cpus <n>", "most processors, as 0.5; default 1", fraction)
    .option("--pids <n>", "most processes; default 256", wholeNumber(1, 1_000_000))
    .option("--health <path|tcp|docker>", "healthy when GET /path answers, when it listens, or as the image says")
    .option("--deadline <seconds>", "how long it may take to become healthy; default 30", wholeNumber(1, 3_600))
    .option("--restart <policy>", "no, always, unless-stopped or on-failure")
    .option("--user <uid[:gid]>", "who it runs as; default: the image's")
    .option("--writable", "its root file system can be written to")
    .option("--strategy <strategy>", "rolling or recreate")
    .option("--drain <seconds>", "how long old connections may go on at a deploy; default 30", wholeNumber(0, 86_400))
    .option("--file <file>", "the whole request as JSON, which options go on top of; - reads it from the input");
}

/** Fields in the names of the REST interface. Asks for secrets, where there is a terminal. */
export async function requestOf(flags: SpecFlags): Promise<Record<string, unknown>> {
  const secrets: Record<string, string> = {};
  for (const name of flags.secret ?? []) secrets[name] = await secretOf(name);
  const given = {
    image: flags.image,
    pull: flags.pull,
    ...buildOf(flags),
    ...portsOf(flags),
    environment: record(flags.env),
    secret_environment: record(Object.entries(secrets)),
    volumes: flags.volume,
    networks: flags.network,
    labels: record(flags.label),
    memory_limit: flags.memory,
    cpu_limit: flags.cpus,
    pids_limit: flags.pids,
    healthcheck: healthOf(flags),
    restart_policy: flags.restart,
    user: flags.user,
    read_only_root: flags.writable === true ? false : undefined,
    strategy: flags.strategy,
    drain_timeout: flags.drain,
  };
  return {
    ...(flags.file === undefined ? {} : fileOf(flags.file)),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** `18080`, `18000-18100`. */
export function hostPort(text: string): HostPort {
  const [, from = "", to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [least, most] = [Number(from), Number(to ?? from)];
  if (from === "" || least < 1 || most > 65_535 || most < least)
    throw new InvalidArgumentError("It must be a port, or a range such as 18000-18100.");
  return to === undefined ? least : { from: least, to: most };
}

export function containerPort(text: string): number {
  return wholeNumber(1, 65_535)(text);
}

/** An option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

// Private

function buildOf({ dockerfile, context, buildArg }: SpecFlags): Record<string, unknown> {
  const build_args = record(buildArg);
  if (context !== undefined) return { build_context: resolve(context), dockerfile_path: dockerfile ?? "Dockerfile", build_args };
  return dockerfile === undefined ? { build_args } : { dockerfile: textOf(dockerfile), build_args };
}

/** A single port without a name in the short form, which leaves alone what is not said of it. */
function portsOf({ port: given = [], hostPort: host, bind }: SpecFlags): Record<string, unknown> {
  const [first] = given;
  if (given.length < 2 && (first?.name ?? null) === null)
    return { internal_port: first?.container, external_port: host, bind_address: bind };
  if (host !== undefined && given.length > 1)
    throw usage(
      "--host-port goes with one --port.",
      "Add the others afterwards with tidegate service port-add, or describe all in a --file.",
    );
  const place = { ...(host === undefined ? {} : { host }), ...(bind === undefined ? {} : { bind }) };
  return {
    port_configs: given.map(({ name, container }) => ({ ...(name === null ? {} : { name }), container, ...place })),
  };
}

function healthOf({ health, deadline }: SpecFlags): unknown {
  if (health === undefined) return deadline === undefined ? undefined : { deadline };
  if (!health.startsWith("/") && health !== "tcp" && health !== "docker")
    throw usage("--health must be a path such as /up, or tcp, or docker.");
  return {
    ...(health.startsWith("/") ? { kind: "http", path: health } : { kind: health }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

async function secretOf(name: string): Promise<string> {
  if (name.includes("="))
    throw usage(
      "--secret takes the name only; its value must not stand on the command line.",
      "Put it into your environment, or be asked for it.",
    );
  return process.env[name] ?? (await askSecret(name));
}

function fileOf(file: string): Record<string, unknown> {
  const found = parseData(textOf(file));
  if (typeof found === "object" && found !== null && !Array.isArray(found)) return found as Record<string, unknown>;
  throw usage(`${file} must hold one JSON object.`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw usage(`${file} cannot be read: ${messageOf(error)}`);
  }
}

function record(entries: readonly Pair[] = []): Record<string, string> | undefined {
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function pairs(text: string, before: readonly Pair[] = []): Pair[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be name=value.");
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

function ports(text: string, before: readonly NamedPort[] = []): NamedPort[] {
  const at = text.indexOf("=");
  return [...before, { name: at < 1 ? null : text.slice(0, at), container: containerPort(text.slice(at + 1)) }];
}

function fraction(text: string): number {
  const value = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError("It must be a number such as 0.5.");
}
