/** `tidegate token`: API tokens with scopes, an owner and an end. Asks the running instance. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { RESOURCES, type NewTokenAnswer, type RevokedAnswer, type Scope, type TokenAnswer, type TokensAnswer } from "../contract.ts";
import { PlatformError } from "../errors.ts";
import { confirm } from "./confirm.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { span } from "./numbers.ts";
import { line, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";
import { done, page, secretOf, TOKEN_COLUMNS } from "./token-lines.ts";

export function tokenCommand(): Command {
  const token = new Command("token").description("API tokens: who may do what, and until when.");
  token.command("ls").description("All tokens but the admin's.").option("--email <address>", "only those of this address").action(list);
  token.command("show").description("One token, or without a name the one in use.").argument("[name]").action(show);
  withSettings(
    token
      .command("create")
      .description("Make one; its secret is shown once. Without scopes it may run services of its own.")
      .argument("<name>"),
  )
    .option("--email <address>", "who answers for it")
    .action(create);
  withSettings(token.command("set").description("Change scopes or expiry, at once.").argument("<name>"))
    .option("--add <scope...>", "give it these as well")
    .action(set);
  token
    .command("email")
    .description("Change its address; `none` removes it. Without a name that of the token in use.")
    .argument("<address>")
    .argument("[name]")
    .action(email);
  token
    .command("rotate")
    .description("A new secret; the old one is refused at once.")
    .argument("<name>")
    .option("--grace <duration>", "or only after so long: 10m, 24h, at most 7d", lifetime)
    .action(rotate);
  token
    .command("revoke")
    .description("End it. What it owns passes to the admin.")
    .argument("<name>")
    .option("--cascade", "remove what it owns and the tokens it made instead")
    .option("-y, --yes", "do not ask")
    .action(revoke);
  token.command("admin").description("Print the admin token of this instance, from its data folder.").action(admin);
  return token;
}

// Private

const PATH = "/api/v1/tokens";
/** Containers end one after the other. */
const REVOKE_LIMIT = 600_000;

interface Flags {
  readonly scopes?: readonly string[];
  readonly readOnly?: boolean;
  readonly expiresIn?: number | "never";
  readonly email?: string;
  readonly add?: readonly string[];
}

function withSettings(command: Command): Command {
  return command
    .option("--scopes <scope...>", "what it may do: <resource>:read|write|admin, or *")
    .option("--read-only", "read everything, change nothing")
    .option("--expires-in <duration>", "12h, 90d, or never", end);
}

async function list(flags: { email?: string }, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH, { query: flags })) as TokensAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("There is only the admin token. Make another one: tidegate token create ci --scopes messages:write");
  table(items, TOKEN_COLUMNS);
}

async function show(name: string | undefined, _: unknown, command: Command): Promise<void> {
  const token = (await askInstance(runningInstance(), one(name ?? "info"))) as TokenAnswer;
  if (settingsOf(command).json) printJson(token);
  else page(token);
}

async function create(name: string, flags: Flags, command: Command): Promise<void> {
  const body = { name, ...settings(flags), ...(flags.email === undefined ? {} : { email: flags.email }) };
  const made = (await askInstance(runningInstance(), PATH, { method: "POST", body })) as NewTokenAnswer;
  if (settingsOf(command).json) return printJson(made);
  const until = made.expires_at === null ? "does not end" : `ends ${new Date(made.expires_at).toISOString()}`;
  done(`${made.name} may ${made.scopes.join(" ")}; it ${until}`);
  secretOf(made.name, made.token);
}

async function set(name: string, flags: Flags, command: Command): Promise<void> {
  const instance = runningInstance();
  const body: { scopes?: readonly string[] } = settings(flags);
  if (flags.add !== undefined) {
    const { scopes } = (await askInstance(instance, one(name))) as TokenAnswer;
    body.scopes = [...(body.scopes ?? scopes), ...words(flags.add)];
  }
  if (Object.keys(body).length === 0) throw usage("Say what to change.", "For example: --add logs:read, or --expires-in 90d");
  const token = (await askInstance(instance, one(name), { method: "PUT", body })) as TokenAnswer;
  if (settingsOf(command).json) printJson(token);
  else page(token);
}

async function email(address: string, name: string | undefined, _: unknown, command: Command): Promise<void> {
  const body = { email: address === "none" ? null : address };
  const token = (await askInstance(runningInstance(), one(name ?? "email"), { method: "PUT", body })) as TokenAnswer;
  if (settingsOf(command).json) return printJson(token);
  done(token.email === null ? `${token.name} has no address` : `${token.name} has the address ${token.email}`);
}

async function rotate(name: string, { grace }: { grace?: number }, command: Command): Promise<void> {
  const body = grace === undefined ? {} : { grace: Math.ceil(grace / 1000) };
  const made = (await askInstance(runningInstance(), `${one(name)}/rotate`, { method: "POST", body })) as NewTokenAnswer;
  if (settingsOf(command).json) return printJson(made);
  done(
    `${made.name} has a new secret; the old one is ${grace === undefined ? "refused from now on" : `refused in ${Math.ceil(grace / 1000)} s`}`,
  );
  secretOf(made.name, made.token);
}

async function revoke(name: string, { cascade = false, yes }: { cascade?: boolean; yes?: boolean }, command: Command): Promise<void> {
  if (cascade) await confirm(`revoke ${name} and remove its services, ports and the tokens it made`, yes);
  const query = cascade ? { cascade } : {};
  const answer = (await askInstance(runningInstance(), one(name), { method: "DELETE", query, limit: REVOKE_LIMIT })) as RevokedAnswer;
  if (settingsOf(command).json) printJson(answer);
  else done(answer.detail);
}

function admin(_: unknown, command: Command): void {
  const path = join(runningInstance().folder, "admin-token");
  if (!existsSync(path))
    throw new PlatformError("NOT_FOUND", "This instance has no admin-token file.", { hint: "It was started with ADMIN_TOKEN; use that." });
  const token = readFileSync(path, "utf8").trim();
  if (settingsOf(command).json) printJson({ name: "admin", token });
  else line(token);
}

function settings({ scopes, readOnly, expiresIn }: Flags): { scopes?: readonly string[]; expires_in?: number; expires_at?: null } {
  if (scopes !== undefined && readOnly === true) throw usage("Give --scopes or --read-only, not both.");
  const all: readonly Scope[] = RESOURCES.map((resource): Scope => `${resource}:read`);
  const wanted = readOnly === true ? all : scopes === undefined ? undefined : words(scopes);
  const until = expiresIn === "never" ? { expires_at: null } : expiresIn === undefined ? {} : { expires_in: Math.ceil(expiresIn / 1000) };
  return { ...(wanted === undefined ? {} : { scopes: wanted }), ...until };
}

/** `a:read,b:write` as well as `a:read b:write`. */
function words(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(",")).filter((text) => text !== "");
}

function end(text: string): number | "never" {
  return text === "never" ? "never" : lifetime(text);
}

function lifetime(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const milliseconds = days === undefined ? span(/^\d+$/.test(text) ? `${text}s` : text) : Number(days) * 86_400_000;
  if (milliseconds >= 1000) return milliseconds;
  throw new InvalidArgumentError("It must be at least a second, such as 30m, 12h, 90d.");
}

function one(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}
