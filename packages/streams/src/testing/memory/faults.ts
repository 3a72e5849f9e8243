/**
 * What goes wrong between the library and the server in memory, when a test asks for it. A command is named by its own name
 * (`XREADGROUP`) or, for a script, by the script's (`publish`, `ack`, `retry`, …), or picked by a function of its arguments.
 * Nothing here touches the test's own `memory.call`.
 */
import type { Clock } from "../../clock.ts";
import { SCRIPT_NAMES, Scripts } from "../../redis/scripts.ts";
import { seeded } from "./seeded.ts";

export type CommandMatch = string | ((args: readonly string[]) => boolean);

/** Per command, the chance of each fault; 0 when left out. */
export interface RandomFaults {
  /** Same seed, same draws in the same order of commands. */
  readonly seed: number;
  /** The connection ends before the command arrives: it certainly did not run. */
  readonly cut?: number;
  /** The command runs and the connection ends before its answer. */
  readonly loseAnswer?: number;
  /** The command is not run and answered with one of `errors`. */
  readonly fail?: number;
  /** Default: what a loading, a busy and a demoted server answer. */
  readonly errors?: readonly string[];
  /** The command runs late, by up to `longestDelay` ms (default 500). */
  readonly delay?: number;
  readonly longestDelay?: number;
}

/** What befalls one command. */
export interface Fault {
  readonly delay: number;
  readonly error: string | null;
  readonly cut: "before" | "after" | null;
  /** With a cut: virtual ms without any new connection. */
  readonly downFor: number;
  readonly hold: Promise<void> | null;
}

interface Rule {
  readonly match: CommandMatch;
  readonly fault: Fault;
  left: number;
}

export interface Often {
  /** How many such commands. Default 1. */
  readonly times?: number;
}

/** The server and its connections, as far as faults reach them. */
export interface FaultTarget {
  dropAll(): void;
  flush(): void;
}

const NONE: Fault = { delay: 0, error: null, cut: null, downFor: 0, hold: null };
const TRANSIENT = [
  "LOADING Redis is loading the dataset in memory",
  "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
  "READONLY You can't write against a read only replica.",
];

export class Faults {
  readonly #clock: Clock;
  #target: FaultTarget | undefined;
  #rules: Rule[] = [];
  #refuseUntil = 0;
  #random: ((args: readonly string[]) => Fault | null) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Every connection ends now; calls under way do not learn their answer. None can be made again for `downFor` virtual ms (default 0). */
  cut(options: { readonly downFor?: number } = {}): void {
    this.refuse(options.downFor ?? 0);
    this.#target?.dropAll();
  }

  /** The next such commands run, and their connection ends before the answer: after a `publish`, PublishUnknown or a silent repeat. */
  loseAnswer(command: CommandMatch, { times = 1, downFor = 0 }: Often & { readonly downFor?: number } = {}): void {
    this.#add(command, times, { ...NONE, cut: "after", downFor });
  }

  /** The connection ends before the next such commands arrive. */
  cutBefore(command: CommandMatch, { times = 1, downFor = 0 }: Often & { readonly downFor?: number } = {}): void {
    this.#add(command, times, { ...NONE, cut: "before", downFor });
  }

  /** The next such commands are not run and answered with this error, for example `OOM command not allowed …`. */
  fail(command: CommandMatch, error: string, { times = 1 }: Often = {}): void {
    this.#add(command, times, { ...NONE, error });
  }

  /** Such commands run `ms` virtual ms late, all of them when none is named, until the returned function is called. */
  delay(ms: number, command: CommandMatch = () => true): () => void {
    return this.#until({ ...NONE, delay: ms }, command);
  }

  /** Nothing runs any more, as when the server is stopped by SIGSTOP, until the returned function is called. */
  freeze(): () => void {
    let thaw = (): void => {};
    const hold = new Promise<void>((resolve) => (thaw = resolve));
    const over = this.#until({ ...NONE, hold }, () => true);
    return () => (over(), thaw());
  }

  /** Everything stored is gone (FLUSHALL). */
  flush(): void {
    this.#target?.flush();
  }

  /** Faults by chance until the returned function is called. */
  random(options: RandomFaults): () => void {
    const draw = seeded(options.seed);
    this.#random = () => drawn(options, draw);
    return () => (this.#random = null);
  }

  /** No fault is left. */
  clear(): void {
    [this.#rules, this.#random, this.#refuseUntil] = [[], null, 0];
  }

  // For the server and the links in memory

  get refusing(): boolean {
    return this.#clock.now() < this.#refuseUntil;
  }

  refuse(ms: number): void {
    this.#refuseUntil = Math.max(this.#refuseUntil, this.#clock.now() + ms);
  }

  aim(target: FaultTarget): void {
    this.#target = target;
  }

  /** The fault of this command, used up by asking. */
  next(args: readonly string[]): Fault | null {
    const rule = this.#rules.find(({ match }) => matches(match, args));
    if (rule === undefined) return this.#random?.(args) ?? null;
    if (--rule.left === 0) this.#rules = this.#rules.filter((one) => one !== rule);
    return rule.fault;
  }

  // Private

  #add(match: CommandMatch, times: number, fault: Fault): void {
    this.#rules.push({ match, fault, left: times });
  }

  #until(fault: Fault, match: CommandMatch): () => void {
    const rule = { match, fault, left: Number.POSITIVE_INFINITY };
    this.#rules.push(rule);
    return () => (this.#rules = this.#rules.filter((one) => one !== rule));
  }
}

function drawn(options: RandomFaults, draw: () => number): Fault | null {
  let chance = draw();
  const hits = (probability = 0): boolean => (chance -= probability) < 0;
  if (hits(options.cut)) return { ...NONE, cut: "before" };
  if (hits(options.loseAnswer)) return { ...NONE, cut: "after" };
  const errors = options.errors ?? TRANSIENT;
  if (hits(options.fail)) return { ...NONE, error: errors[Math.floor(draw() * errors.length)] ?? null };
  return hits(options.delay) ? { ...NONE, delay: draw() * (options.longestDelay ?? 500) } : null;
}

function matches(match: CommandMatch, args: readonly string[]): boolean {
  if (typeof match === "function") return match(args);
  const name = args[0]?.toUpperCase() ?? "";
  return name === match.toUpperCase() || (name === "EVALSHA" && scriptNames().get(args[1] ?? "") === match);
}

let known: ReadonlyMap<string, string> | undefined;

/** sha → name, learnt from what a call of each script would send. */
function scriptNames(): ReadonlyMap<string, string> {
  if (known !== undefined) return known;
  const names = new Map<string, string>();
  const scripts = new Scripts();
  for (const name of SCRIPT_NAMES) {
    const call = (args: string[]): Promise<null> => (names.set(args[1] ?? "", name), Promise.resolve(null));
    void scripts.run({ call }, name, [], []);
  }
  return (known = names);
}
