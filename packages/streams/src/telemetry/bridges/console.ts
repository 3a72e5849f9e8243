/**
 * `console.log` and its like go to a logger as well, for programs that are not rewritten. Objects become fields, so that secrets in them
 * are found by name. Printing does not go through `console`, so nothing runs in a circle.
 */
import { format } from "node:util";
import type { Fields, Logger } from "../telemetry.ts";

type Method = "debug" | "log" | "info" | "warn" | "error" | "trace";

const LEVEL = { debug: "debug", log: "info", info: "info", warn: "warn", error: "error", trace: "trace" } as const;
const METHODS = Object.keys(LEVEL) as readonly Method[];

/** Only what it needs of a `Tide`. */
export interface LoggerSource {
  logger(component: string): Logger;
}

export interface ConsoleBridgeOptions {
  /** Default `console`. */
  readonly component?: string;
  /** Whether the console's own output stays; it is not redacted. Default true. With `telemetry.print` both would print: say false. */
  readonly keep?: boolean;
  /** Default: the global one. */
  readonly target?: Pick<Console, Method>;
}

/** The console is in the middle of a call: what is logged on the way, by a getter or another bridge, is not logged again. */
let busy = false;

/** Answers the function that undoes it. */
export function bridgeConsole(tide: LoggerSource, options: ConsoleBridgeOptions = {}): () => void {
  const { component = "console", keep = true, target = console } = options;
  const logger = tide.logger(component);
  const undo = METHODS.map((method) => bridge(target, method, logger, keep));
  return () => undo.forEach((act) => act());
}

// Private

function bridge(target: Pick<Console, Method>, method: Method, logger: Logger, keep: boolean): () => void {
  const original = target[method];
  let on = true;
  const bridged = (...args: unknown[]): void => {
    if (keep || !on) original.apply(target, args);
    if (on) once(() => pass(logger, method, args));
  };
  target[method] = bridged;
  return () => {
    on = false;
    // Somebody may have put another one before it, which then goes on through this one.
    if (target[method] === bridged) target[method] = original;
  };
}

function once(act: () => void): void {
  if (busy) return;
  busy = true;
  try {
    act();
  } finally {
    busy = false;
  }
}

function pass(logger: Logger, method: Method, args: readonly unknown[]): void {
  const level = LEVEL[method];
  if (!logger.enabled(level)) return;
  try {
    const { message, fields } = parted(args);
    logger[level](message, fields);
  } catch {
    logger[level]("[unreadable]");
  }
}

/** Texts and what fills their `%s` are the message, an error is `error`, other objects are fields. */
function parted(args: readonly unknown[]): { message: string; fields: Fields } {
  const used = typeof args[0] === "string" ? 1 + (args[0].match(/%[sdifjoOc]/g)?.length ?? 0) : 0;
  const rest = args.slice(used);
  const objects = rest.filter((arg): arg is object => typeof arg === "object" && arg !== null);
  const error = objects.find((arg): arg is Error => arg instanceof Error);
  const others = objects.filter((arg) => arg !== error);
  const words = [...args.slice(0, used), ...rest.filter((arg) => !objects.includes(arg as object))];
  const only = others.length === 1 && !Array.isArray(others[0]) ? (others[0] as Fields) : others.length > 0 ? { values: others } : {};
  const message = words.length === 0 && error !== undefined ? error.message : format(...words);
  return { message, fields: error === undefined ? only : { ...only, error } };
}
