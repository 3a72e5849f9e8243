/** `tidegate port connect`: a local door to a port that asks for a token, for clients that know nothing of tokens. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { ServicePortAnswer, ServicePortsAnswer } from "../contract.ts";
import { messageOf, PlatformError } from "../errors.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { line, paint, printable, printJson } from "./output.ts";
import { settingsOf } from "./session.ts";
import { TokenDenied, TokenTunnel } from "./token-tunnel.ts";

export function connectCommand(): Command {
  return new Command("connect")
    .description("Reach a port that asks for a token with a client that knows nothing of tokens, until Ctrl-C.")
    .argument("<service>", "its name, or <host>:<port> of an edge elsewhere")
    .argument("[port]", "its name or number; default: the one that asks for a token")
    .option("--token-file <file>", "the port's token; else the variable TIDEGATE_PORT_TOKEN")
    .option("--listen <port>", "port on 127.0.0.1 to connect to; 0 takes a free one", wholeNumber(0, 65_535), 0)
    .action(connect);
}

// Private

interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly asks: boolean;
}

async function connect(
  service: string,
  port: string | undefined,
  flags: { tokenFile?: string; listen: number },
  command: Command,
): Promise<void> {
  const target = addressOf(service) ?? (await targetOf(service, port));
  const token = target.asks ? tokenFrom(flags.tokenFile) : null;
  const onDenied = (reason: string): void => void process.stderr.write(`${printable(reason)}\n`);
  const tunnel = new TokenTunnel({ ...target, token, onDenied });
  await tunnel.try().catch((error: unknown) => refuse(target, error));
  const { address, port: opened } = await tunnel.listen(flags.listen).catch((error: unknown) => busy(flags.listen, error));
  if (settingsOf(command).json) printJson({ listen: `${address}:${opened}`, target: `${target.host}:${target.port}` });
  else line(`${paint("green", "✓")} Connect to ${address}:${opened}; it leads to ${printable(target.name)}. Ctrl-C ends it.`);
  await interrupted();
  await tunnel.close();
  process.exitCode = 130;
}

/** `host:port`, `[::1]:port` */
function addressOf(text: string): Target | null {
  const [, plain, bracketed, port] = /^(?:([^:[\]]+)|\[([\da-fA-F:.]+)\]):(\d{1,5})$/.exec(text) ?? [];
  const host = plain ?? bracketed;
  return host === undefined ? null : { name: text, host, port: Number(port), asks: true };
}

async function targetOf(service: string, wanted: string | undefined): Promise<Target> {
  const path = `/api/v1/services/${encodeURIComponent(service)}/ports`;
  const { items } = (await askInstance(runningInstance(), path)) as ServicePortsAnswer;
  const port = wanted === undefined ? theOne(service, items) : named(service, items, wanted);
  const { host_port: number, bind_address: bind, port_name: name } = port;
  if (number === null) throw usage(`${service} does not run: its port ${name} is not open.`, `Start it: tidegate service start ${service}`);
  if (port.require_certificate)
    throw usage(
      `The port ${name} of ${service} speaks TLS and asks for a client certificate.`,
      "Connect to it with TLS and that certificate.",
    );
  return { name: `${service}/${name}`, host: reachable(bind), port: number, asks: port.require_token };
}

function theOne(service: string, ports: readonly ServicePortAnswer[]): ServicePortAnswer {
  const tcp = ports.filter(({ protocol }) => protocol === "tcp");
  const asking = tcp.filter((port) => port.require_token);
  const [only, ...others] = asking.length > 0 ? asking : tcp;
  if (only !== undefined && others.length === 0) return only;
  const names = tcp.map(({ port_name: name }) => name).join(", ");
  throw usage(
    only === undefined ? `${service} has no TCP port.` : `${service} has several ports.`,
    names === "" ? undefined : `Say which: ${names}`,
  );
}

function named(service: string, ports: readonly ServicePortAnswer[], wanted: string): ServicePortAnswer {
  const found = ports.find(
    ({ port_name: name, host_port: host, protocol }) => protocol === "tcp" && (name === wanted || String(host) === wanted),
  );
  if (found !== undefined) return found;
  const names = ports.map(({ port_name: name }) => name).join(", ");
  throw usage(`${service} has no TCP port ${wanted.slice(0, 40)}.`, names === "" ? undefined : `It has: ${names}`);
}

function tokenFrom(file: string | undefined): string {
  const text = file === undefined ? (process.env["TIDEGATE_PORT_TOKEN"] ?? "") : read(file);
  const token = text.trim();
  if (token === "")
    throw usage("The port asks for a token.", "Give it in a file, --token-file <file>, or in the variable TIDEGATE_PORT_TOKEN.");
  if (/^[\x21-\x7e]{1,480}$/.test(token)) return token;
  throw usage("A port's token is one word of up to 480 visible ASCII characters.", "Look into the file: only the token belongs there.");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw usage(`The token file cannot be read: ${messageOf(error)}`);
  }
}

/** "All addresses" is not one to connect to. */
function reachable(bind: string): string {
  if (bind === "0.0.0.0") return "127.0.0.1";
  return bind === "::" ? "::1" : bind;
}

function refuse({ name }: Target, error: unknown): never {
  if (error instanceof TokenDenied)
    throw new PlatformError("ACCESS_DENIED", `${name}: ${error.message}`, {
      hint: "Each port has tokens of its own: tidegate service show.",
    });
  throw new PlatformError("UNREACHABLE", `${name} cannot be reached: ${messageOf(error)}`, {
    cause: error,
    hint: "See: tidegate service ls, tidegate port ls",
  });
}

function busy(port: number, error: unknown): never {
  throw usage(`127.0.0.1:${port} cannot be listened on: ${messageOf(error)}`, "Leave --listen out: a free port is taken.");
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
