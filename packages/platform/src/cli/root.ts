/**
 * The program `tidegate`: knows every command's name and summary, and loads a command's file only when it was chosen, so that
 * `--help` and `--version` answer at once. Whatever goes wrong below ends here, in one place, as words and an exit code.
 */
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { NOUNS, type Noun } from "./nouns.ts";

/** Takes `process.argv`. Never rejects: sets `process.exitCode`. */
export async function run(processArgv: readonly string[]): Promise<void> {
  const argv = spelledOut(processArgv.slice(2));
  const json = beforeTerminator(argv).includes("--json");
  endQuietlyWhenTheReaderLeaves();
  let program = shell(json);
  try {
    program = build(await chosen(argv), json);
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    await conclude(error, json, placeIn(program, argv));
  }
}

// Private

interface Loaded {
  readonly noun: Noun;
  readonly command: Command;
}

async function chosen(argv: readonly string[]): Promise<Loaded | null> {
  const name = firstOperand(argv);
  const noun = NOUNS.find((candidate) => candidate.name === name);
  return noun === undefined ? null : { noun, command: await noun.load() };
}

function build(loaded: Loaded | null, json: boolean): Command {
  const program = shell(json);
  for (const noun of NOUNS) {
    const command = loaded?.noun === noun ? loaded.command : new Command(noun.name);
    command.summary(noun.summary).helpGroup(noun.section);
    program.addCommand(command, { hidden: noun.hidden ?? false });
    inherit(command, program);
  }
  return program;
}

function shell(json: boolean): Command {
  const program = new Command("tidegate")
    .description("Messages between your services on Redis Streams: run them, watch them, mend them.")
    .usage("<command> [options]")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help for a command")
    .helpCommand(false)
    .option("--json", "print JSON: one object, or one per line where there are many")
    .option("--url <redis url>", "Redis to use instead of the running instance's")
    .option("--namespace <name>", "first part of every key")
    .option("--no-color", "print without colours (also: NO_COLOR=1)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {}, ...(json ? { writeErr: () => {} } : {}) })
    .exitOverride();
  program.hook("preAction", (_, action) => {
    if (!action.optsWithGlobals<{ color: boolean }>().color) process.env["NO_COLOR"] = "1";
  });
  return program;
}

/** Commander hands its settings only to commands made by `.command()`. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
}

/** Loaded only now: it brings the errors of the library, which `--help` has no use for. */
async function conclude(error: unknown, json: boolean, place: string): Promise<void> {
  if (error instanceof CommanderError && error.exitCode === 0) return;
  const { fail, usage } = await import("./failure.ts");
  if (!(error instanceof CommanderError)) return fail(error, json);
  // A noun without its verb: commander has shown the help already.
  if (error.code === "commander.help" && !json) process.exitCode = 2;
  else fail(usage(inWords(error, place), `See: ${place} --help`), json);
}

function inWords(error: CommanderError, place: string): string {
  if (error.code === "commander.help") return `${place} needs to know what to do.`;
  return error.message
    .replace(/^error: /, "")
    .replace(/^./, (first) => first.toUpperCase())
    .replace(/\n/g, " ");
}

/** Nothing at all asks for help, and so does `help dlq`. */
function spelledOut(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ["--help"];
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
}

/** The command's name: the first word that is neither an option nor the value of one. */
function firstOperand(argv: readonly string[]): string | undefined {
  return operands(argv)[0];
}

/** `tidegate alert rule set`: as far as the words are commands. */
function placeIn(program: Command, argv: readonly string[]): string {
  let command = program;
  let place = program.name();
  for (const word of operands(argv)) {
    const next = command.commands.find((candidate) => candidate.name() === word || candidate.aliases().includes(word));
    if (next === undefined) return place;
    command = next;
    place += ` ${next.name()}`;
  }
  return place;
}

function operands(argv: readonly string[]): string[] {
  return argv.filter((word, at) => !word.startsWith("-") && !["--url", "--namespace"].includes(argv[at - 1] ?? ""));
}

function beforeTerminator(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end === -1 ? argv : argv.slice(0, end);
}

/** `tidegate tail … | head` is no failure. */
function endQuietlyWhenTheReaderLeaves(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
