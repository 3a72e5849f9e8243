/** The conditions of `tidegate log` as options. */
import { InvalidArgumentError, type Command } from "commander";
import { LEVELS, type Level } from "@tidegate/streams";
import type { LogQuery } from "../contract.ts";
import { wholeNumber } from "./numbers.ts";

export interface FilterFlags {
  readonly ip?: string;
  readonly host?: string;
  readonly client?: string;
  readonly user?: string;
  readonly status?: string;
  readonly statusMin?: number;
  readonly statusMax?: number;
  readonly method?: string;
  readonly path?: string;
  readonly level?: Level;
  readonly component?: string;
  readonly trace?: string;
  readonly event?: string;
  readonly text?: string;
}

export function addFilters(command: Command): Command {
  const own = command.name();
  const add = (name: string, flags: string, what: string): void => void (name === own || command.option(flags, what));
  add("ip", "--ip <ip>", "address of the one who asked");
  add("host", "--host <host>", "host name that was asked for");
  add("client", "--client <client>", "API token or OAuth client");
  add("user", "--user <user>", "who was signed in, or acted");
  return command
    .option("--status <status>", "404, or a class: 5xx")
    .option("--status-min <n>", "least status", wholeNumber(100, 599))
    .option("--status-max <n>", "greatest status", wholeNumber(100, 599))
    .option("--method <method>", "GET, POST, …")
    .option("--path <path>", "exactly, or everything under it: /orders/*")
    .option("--level <level>", `least level: ${LEVELS.join(", ")}`, level)
    .option("--component <name>", "who logged it")
    .option("--trace <id>", "of one trace")
    .option("--event <type>", "events of this type, or whose type begins so: service_")
    .option("--text <text>", "text anywhere in the entry");
}

export function filtersOf(flags: FilterFlags): LogQuery {
  const { ip, host, client, user, status, method, path, component, trace, event, text } = flags;
  const given = {
    ip,
    host,
    client,
    user,
    status,
    method,
    path,
    level: flags.level,
    component,
    trace,
    event,
    ...(text === undefined ? {} : { q: text }),
  };
  const range = { status_min: flags.statusMin, status_max: flags.statusMax };
  return Object.fromEntries(Object.entries({ ...given, ...range }).filter(([, value]) => value !== undefined));
}

/** Also as other programs call them. */
export function level(word: string): Level {
  const name = word.toLowerCase();
  const found = LEVELS.find((one) => one === name) ?? ({ warning: "warn", fatal: "critical" } as const)[name];
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It must be one of ${LEVELS.join(", ")}.`);
}

export function moment(text: string): number {
  const time = /^\d{12,13}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new InvalidArgumentError("It must be a date such as 2026-01-31T08:00, or unix milliseconds.");
}
