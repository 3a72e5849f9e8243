/** `tidegate proxy access`: who may pass a host name. Passwords never stand on the command line. */
import type { Command } from "commander";
import type { ProxyAuthAnswer } from "../contract.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { facts, line, paint, printable, printJson } from "./output.ts";
import { targetPath } from "./proxy-path.ts";
import { accessWords } from "./proxy-words.ts";
import { askSecret } from "./secret-prompt.ts";
import { collect } from "./service-flags.ts";
import { settingsOf } from "./session.ts";

export function addAccess(proxy: Command): void {
  proxy
    .command("access")
    .description("Who may pass; without options it is only shown. IP lists are asked first, then any one of tokens, basic and forward.")
    .argument("<host>")
    .option("--tokens [name]", "API tokens; this one (may be repeated), or any", tokens)
    .option("--token-scope <scope>", "they must have it (may be repeated)", collect)
    .option(
      "--user <name>",
      "basic: may pass by name and password, which comes from TIDEGATE_BASIC_PASSWORD or is asked for (may be repeated)",
      collect,
    )
    .option("--group <name>", "of the users given with it (may be repeated)", collect)
    .option("--remove-user <name>", "may not pass by password any more (may be repeated)", collect)
    .option("--realm <text>", "what a browser shows when it asks for the password")
    .option("--forward <url>", "another service decides: it is asked with GET, 2xx lets in")
    .option("--login-url <url>", "where a browser is sent when it says no")
    .option("--copy-header <name>", "of its answer for the upstream (may be repeated)", collect)
    .option("--open-when-down", "whoever asks may pass when it does not answer")
    .option("--allow <network>", "only from there (may be repeated)", collect)
    .option("--deny <network>", "not from there (may be repeated)", collect)
    .option("--require-user <name>", "by exact match (may be repeated)", collect)
    .option("--require-email <address>", "by exact match (may be repeated)", collect)
    .option("--require-group <name>", "by exact match (may be repeated)", collect)
    .option("--exclude <path>", "needs nothing, with all below it (may be repeated)", collect)
    .option("--reset", "begin anew instead of adding to what there is")
    .option("--off", "everybody may pass")
    .action(access);
}

// Private

interface Flags {
  /** True: any of them. */
  readonly tokens?: readonly string[] | true;
  readonly tokenScope?: readonly string[];
  readonly user?: readonly string[];
  readonly group?: readonly string[];
  readonly removeUser?: readonly string[];
  readonly realm?: string;
  readonly forward?: string;
  readonly loginUrl?: string;
  readonly copyHeader?: readonly string[];
  readonly openWhenDown?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly requireUser?: readonly string[];
  readonly requireEmail?: readonly string[];
  readonly requireGroup?: readonly string[];
  readonly exclude?: readonly string[];
  readonly reset?: boolean;
  readonly off?: boolean;
}

type Access = NonNullable<ProxyAuthAnswer["access"]>;

async function access(host: string, flags: Flags, command: Command): Promise<void> {
  const path = targetPath(host, "auth");
  if (Object.keys(flags).length === 0) return show((await askInstance(runningInstance(), path)) as ProxyAuthAnswer, command);
  const { off, reset, ...given } = flags;
  if (off === true && Object.keys(given).length > 0) throw usage("--off goes alone: everybody may pass then.");
  if (off === true) return show((await askInstance(runningInstance(), path, { method: "DELETE" })) as ProxyAuthAnswer, command, true);
  const before = reset === true ? null : ((await askInstance(runningInstance(), path)) as ProxyAuthAnswer).access;
  const body = await requestOf(given, before);
  show((await askInstance(runningInstance(), path, { method: "POST", body })) as ProxyAuthAnswer, command, true);
}

/** Said in full: what a request leaves out stays, and there must be no moment in which everybody may pass. */
const NOTHING = {
  allow_ips: [],
  deny_ips: [],
  tokens: null,
  basic: null,
  forward: null,
  required_users: [],
  required_emails: [],
  required_groups: [],
  excluded_paths: [],
};

/** What is not named stays as it is: `***` stands for passwords that are there. */
async function requestOf(flags: Flags, before: Access | null): Promise<Record<string, unknown>> {
  const lists = {
    allow_ips: flags.allow,
    deny_ips: flags.deny,
    required_users: flags.requireUser,
    required_emails: flags.requireEmail,
    required_groups: flags.requireGroup,
    excluded_paths: flags.exclude,
  };
  return {
    ...(before ?? NOTHING),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined)),
    ...tokensOf(flags, before),
    ...(await basicOf(flags, before)),
    ...forwardOf(flags, before),
  };
}

function tokensOf({ tokens: names, tokenScope: scopes }: Flags, before: Access | null): object {
  if (names === undefined && scopes === undefined) return {};
  const wanted = names === undefined ? (before?.tokens?.names ?? null) : names === true ? null : names;
  return { tokens: { names: wanted, scopes: scopes ?? before?.tokens?.scopes ?? [] } };
}

async function basicOf(flags: Flags, before: Access | null): Promise<object> {
  const { user: added = [], group: groups = [], removeUser: removed = [], realm } = flags;
  if (added.length === 0 && removed.length === 0 && realm === undefined) return {};
  const users: Record<string, unknown> = { ...before?.basic?.users };
  for (const name of removed) {
    if (!Object.hasOwn(users, name)) throw usage(`There is no user ${name} to remove.`);
    delete users[name];
  }
  for (const name of added) users[name] = { password: await password(), groups };
  if (Object.keys(users).length === 0) return { basic: null };
  return { basic: { ...before?.basic, ...(realm === undefined ? {} : { realm }), users } };
}

async function password(): Promise<string> {
  return process.env["TIDEGATE_BASIC_PASSWORD"] ?? (await askSecret("TIDEGATE_BASIC_PASSWORD"));
}

function forwardOf(flags: Flags, before: Access | null): object {
  const { forward: url, loginUrl, copyHeader, openWhenDown } = flags;
  if (url === undefined && loginUrl === undefined && copyHeader === undefined && openWhenDown === undefined) return {};
  if (url === undefined && (before?.forward ?? null) === null) throw usage("Say which service decides: --forward <url>.");
  return {
    forward: {
      ...before?.forward,
      ...(url === undefined ? {} : { url }),
      ...(loginUrl === undefined ? {} : { login_url: loginUrl, mode: "redirect" }),
      ...(copyHeader === undefined ? {} : { copy_headers: copyHeader }),
      ...(openWhenDown === true ? { on_failure: "open" } : {}),
    },
  };
}

function show(answer: ProxyAuthAnswer, command: Command, changed = false): void {
  if (settingsOf(command).json) return printJson(answer);
  const { hostname, access: rule } = answer;
  line(`${changed ? `${paint("green", "✓")} ` : ""}${printable(hostname)} – may pass: ${printable(accessWords(rule))}`);
  const rows = rule === null ? [] : rowsOf(rule);
  if (rows.length > 0) facts(rows);
  if (rule === null && !changed) line(`  Ask for a password: tidegate proxy access ${hostname} --user <name>`);
}

function rowsOf(rule: Access): (readonly [string, string])[] {
  const { basic, forward } = rule;
  const rows: (readonly [string, readonly string[]])[] = [
    ["users", Object.keys(basic?.users ?? {})],
    ["forward-auth", forward === null ? [] : [forward.url]],
    ["token scopes", rule.tokens?.scopes ?? []],
    ["only users", rule.required_users],
    ["only addresses", rule.required_emails],
    ["only groups", rule.required_groups],
    ["open paths", rule.excluded_paths],
  ];
  return rows.filter(([, values]) => values.length > 0).map(([name, values]) => [name, values.join(", ")]);
}

function tokens(value: string, before: readonly string[] | true = []): string[] {
  return before === true ? [value] : [...before, value];
}
