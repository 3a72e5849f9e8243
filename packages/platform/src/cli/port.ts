/** `tidegate port`: who has which port of this machine, and leasing one by hand. Asks the running instance. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { PortAnswer, PortCheckAnswer, PortRangesAnswer, PortsAnswer } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { ago, counted, duration, facts, line, paint, printable, printJson, table } from "./output.ts";
import { connectCommand } from "./port-connect.ts";
import { answerWords, endOf, PORT_COLUMNS, RANGE_COLUMNS } from "./port-lines.ts";
import { settingsOf } from "./session.ts";

export function portCommand(): Command {
  const port = new Command("port").description("Who has which port of this machine; lease one by hand; reach one that asks for a token.");
  port
    .command("ls")
    .description("All ports that are given: to services, and leased by hand.")
    .option("--owner <owner>", "only of this one: a label, or service:<name>/<port name>")
    .action(list);
  placed(port.command("check").description("Whether a port can be had; exit code 5 when not.")).action(check);
  placed(port.command("who").description("Who has a port: a service, a lease, or a program by its name.")).action(who);
  port
    .command("available")
    .description("Stretches of free ports.")
    .option("--min <n>", "of at least so many", wholeNumber(1, 64_512), 10)
    .action(available);
  port
    .command("allocate")
    .description("Lease a port. The same label again is the same port.")
    .argument("<label>", "what it is for")
    .option("--port <port>", "exactly this one, tcp unless written udp/53; default: any free one", place)
    .option("--range <from-to>", "the first free one of these", range)
    .addOption(new Option("--protocol <protocol>", "where no --port says it").choices(["tcp", "udp"]))
    .option("--bind <address>", "an address of this machine", "127.0.0.1")
    .option("--ttl <seconds>", "it ends by itself unless renewed", wholeNumber(1))
    .option("--description <text>", "for people")
    .action(allocate);
  placed(port.command("release").description("Give back a port that was leased by hand."), "").action(release);
  placed(port.command("renew").description("A lease ends later."), "")
    .requiredOption("--ttl <seconds>", "so many seconds from now", wholeNumber(1))
    .action(renew);
  port.addCommand(connectCommand());
  return port;
}

// Private

const PATH = "/api/v1/services/ports";

interface Place {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

interface Bound {
  /** Empty: on whatever addresses. */
  readonly bind: string;
}

interface Allocation extends Bound {
  readonly port?: Place;
  readonly range?: { readonly from: number; readonly to: number };
  readonly protocol?: "tcp" | "udp";
  readonly ttl?: number;
  readonly description?: string;
}

function placed(command: Command, bind = "127.0.0.1"): Command {
  const described = bind === "" ? "which, where it is held on several addresses" : "the address it would be listened on";
  return command.argument("<port>", "8080, tcp/8080, udp/53", place).option("--bind <address>", described, bind);
}

async function list({ owner }: { owner?: string }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH, { query: { owner } })) as PortsAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("No port is given.");
  table(items, PORT_COLUMNS);
}

async function check(wanted: Place, { bind }: Bound, command: Command): Promise<void> {
  const answer = await asked(wanted, bind);
  if (!answer.available) process.exitCode = 5;
  if (settingsOf(command).json) return printJson(answer);
  line(`${answer.available ? paint("green", "✓") : paint("red", "✗")} ${printable(answerWords(answer))}`);
}

async function who(wanted: Place, { bind }: Bound, command: Command): Promise<void> {
  const [answer, { items }] = await Promise.all([asked(wanted, bind), askInstance(runningInstance(), PATH) as Promise<PortsAnswer>]);
  const claims = items.filter(({ port, protocol }) => port === wanted.port && protocol === wanted.protocol);
  if (settingsOf(command).json) return printJson({ ...answer, claims });
  line(printable(answerWords(answer)));
  for (const claim of claims) show(claim);
}

async function available({ min }: { min: number }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), `${PATH}/available`, { query: { min } })) as PortRangesAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line(`There are nowhere ${counted(min, "port")} in a row free.`);
  table(items, RANGE_COLUMNS);
}

async function allocate(label: string, flags: Allocation, command: Command): Promise<void> {
  const { port, range: stretch, ttl, description, bind } = flags;
  const body = {
    owner: label,
    host: port?.port ?? stretch ?? null,
    protocol: port?.protocol ?? flags.protocol ?? "tcp",
    bind_address: bind,
    ...(ttl === undefined ? {} : { ttl }),
    ...(description === undefined ? {} : { description }),
  };
  const given = (await askInstance(runningInstance(), PATH, { method: "POST", body })) as PortAnswer;
  if (settingsOf(command).json) return printJson(given);
  done(`${nameOf(given)} is yours for ${given.owner}; ${endOf(given)}`);
}

async function release(wanted: Place, { bind }: Bound, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), one(wanted), { method: "DELETE", query: query(bind) })) as PortsAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  for (const given of items) done(`${nameOf(given)} is free again; ${given.owner} had it for ${duration(Date.now() - given.allocated_at)}`);
}

async function renew(wanted: Place, { bind, ttl }: Bound & { ttl: number }, command: Command): Promise<void> {
  const more = { method: "POST", body: { ttl }, query: query(bind) };
  const given = (await askInstance(runningInstance(), `${one(wanted)}/renew`, more)) as PortAnswer;
  if (settingsOf(command).json) return printJson(given);
  done(`${nameOf(given)} is yours for ${given.owner}; ${endOf(given)}`);
}

async function asked({ port, protocol }: Place, bind: string): Promise<PortCheckAnswer> {
  const body = { port, protocol, bind_address: bind };
  return (await askInstance(runningInstance(), `${PATH}/check`, { method: "POST", body })) as PortCheckAnswer;
}

function show(claim: PortAnswer): void {
  facts([
    ["on", claim.bind_address],
    ["held by", claim.owner],
    ["asked for by", claim.by],
    ["since", `${new Date(claim.allocated_at).toISOString()} (${ago(claim.allocated_at)})`],
    ["ends", endOf(claim)],
    ...(claim.description === "" ? [] : [["description", claim.description] as const]),
  ]);
}

function one({ protocol, port }: Place): string {
  return `${PATH}/${protocol}/${port}`;
}

function query(bind: string): { bind_address?: string } {
  return bind === "" ? {} : { bind_address: bind };
}

function nameOf({ protocol, port, bind_address: bind }: PortAnswer): string {
  return `${protocol}/${port} on ${bind}`;
}

function place(text: string): Place {
  const [, protocol = "tcp", port] = /^(?:(tcp|udp)\/)?(\d{1,9})$/.exec(text) ?? [];
  if (port !== undefined) return { port: Number(port), protocol: protocol === "udp" ? "udp" : "tcp" };
  throw new InvalidArgumentError("It must be a port such as 8080, tcp/8080 or udp/53.");
}

function range(text: string): { from: number; to: number } {
  const [, from, to] = /^(\d{1,9})(?:-|\.\.|–)(\d{1,9})$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined) return { from: Number(from), to: Number(to) };
  throw new InvalidArgumentError("It must be two ports such as 20000-20999.");
}

function done(words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
}
