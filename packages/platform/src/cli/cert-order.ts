/** What has a CA asked for a certificate: create, change, renew, convert. Each is watched until it is issued, or the attempt has failed. */
import type { Command } from "commander";
import type { CertificateAnswer, PreflightAnswer } from "../contract.ts";
import { wishFlags, wishOf, type WishFlags } from "./cert-flags.ts";
import { findingLines } from "./cert-lines.ts";
import { CERTIFICATES, one } from "./cert-path.ts";
import { seen } from "./cert-progress.ts";
import { usage } from "./failure.ts";
import { Refused, askInstance, runningInstance } from "./instance-client.ts";
import { counted, printJson } from "./output.ts";
import { settingsOf } from "./session.ts";

export function orderCommands(cert: Command): void {
  const made = cert
    .command("create")
    .description("Have a certificate issued by a CA, and renewed by itself from then on.")
    .argument("<domain...>", "what it is for, as app.example.org; *.example.org by dns-01 only")
    .option("--name <name>", "what targets may call it by; default: after its first domain")
    .option("--staging", "from the CA's staging server, to try it out: browsers do not trust it")
    .option("--skip-preflight", "ask the CA without looking first whether it can reach the domains");
  wishFlags(made).option("--no-wait", "do not wait until it is issued").action(create);
  const changed = cert
    .command("change")
    .description("Want something else of a certificate that a CA issues; it is ordered anew where that changes it.")
    .argument("<name>")
    .option("--add <domain...>", "domains it is to have as well")
    .option("--drop <domain...>", "domains it is to have no longer")
    .option("--staging", "from the CA's staging server")
    .option("--no-staging", "from production");
  wishFlags(changed).option("--no-wait", "do not wait until it is issued").action(change);
  cert
    .command("renew")
    .description("Order it anew now, if it is due. By itself it is renewed in time.")
    .argument("<name>")
    .option("--force", "also before it is due")
    .option("--no-wait", "do not wait until it is issued")
    .action(renew);
  cert
    .command("convert")
    .description("From the CA's staging server to production, with all its domains.")
    .argument("<name>")
    .option("--no-wait", "do not wait until it is issued")
    .action(convert);
}

/** What would stand in the way; on stderr, unless a program reads along. */
export async function preflight(wish: object, json: boolean): Promise<PreflightAnswer> {
  const asked = { method: "POST", body: wish, limit: PREFLIGHT_LIMIT };
  const answer = (await askInstance(runningInstance(), `${CERTIFICATES}/preflight`, asked)) as PreflightAnswer;
  if (!json) for (const text of findingLines(answer)) process.stderr.write(`${text}\n`);
  return answer;
}

/** To a person each finding was shown before. */
export function notReady({ findings }: PreflightAnswer, json: boolean, hint: string): Refused {
  const bad = findings.filter(({ ok, severity }) => !ok && severity === "error");
  const more = bad.length > 1 ? `, and ${bad.length - 1} more` : "";
  const what = json ? `${bad[0]?.message ?? ""}${more}` : `see above, ${counted(bad.length, "finding")}`;
  const detail = `A CA could not issue it as things are, so none was asked: ${what}`;
  return new Refused(422, { type: "", title: "", status: 422, detail, code: "PREFLIGHT_FAILED", hint, request_id: "" });
}

// Private

/** Milliseconds; the instance itself gives up after a minute. */
const PREFLIGHT_LIMIT = 70_000;

interface CreateFlags extends WishFlags {
  readonly name?: string;
  readonly staging?: boolean;
  readonly skipPreflight?: boolean;
  readonly wait: boolean;
}

async function create(domains: string[], flags: CreateFlags, command: Command): Promise<void> {
  const { json } = settingsOf(command);
  const wish = { domains, ...wishOf(flags) };
  if (flags.skipPreflight !== true) {
    const found = await preflight(wish, json);
    if (!found.ready) throw notReady(found, json, "Mend it and repeat the command. To ask the CA all the same: --skip-preflight");
  }
  const body = { ...wish, ...(flags.name === undefined ? {} : { cert_name: flags.name }), skip_preflight: true };
  await placed(CERTIFICATES, { method: "POST", body }, flags.wait, json);
}

interface ChangeFlags extends WishFlags {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
  readonly staging?: boolean;
  readonly wait: boolean;
}

async function change(name: string, flags: ChangeFlags, command: Command): Promise<void> {
  const wish = { ...(await domainsOf(name, flags)), ...wishOf(flags) };
  if (Object.keys(wish).length === 0) throw usage("Nothing is to be changed.", "As: tidegate cert change app --add www.example.org");
  await placed(one(name), { body: wish }, flags.wait, settingsOf(command).json);
}

async function domainsOf(name: string, { add = [], drop = [] }: ChangeFlags): Promise<{ readonly domains?: readonly string[] }> {
  if (add.length === 0 && drop.length === 0) return {};
  const { request } = (await askInstance(runningInstance(), one(name))) as CertificateAnswer;
  const had = request?.domains ?? [];
  const unknown = drop.find((domain) => !had.includes(domain.toLowerCase()));
  if (unknown !== undefined && request !== null) throw usage(`${name} does not have the domain ${unknown}.`, `It has: ${had.join(", ")}.`);
  const left = had.filter((domain) => !drop.some((dropped) => dropped.toLowerCase() === domain));
  return { domains: [...left, ...add] };
}

async function renew(name: string, { force, wait }: { force?: boolean; wait: boolean }, command: Command): Promise<void> {
  await placed(one(name, "/renew"), { method: "POST", query: { force } }, wait, settingsOf(command).json);
}

async function convert(name: string, { wait }: { wait: boolean }, command: Command): Promise<void> {
  await placed(one(name, "/convert-to-production"), { method: "POST" }, wait, settingsOf(command).json);
}

async function placed(path: string, asked: Parameters<typeof askInstance>[2], wait: boolean, json: boolean): Promise<void> {
  const answer = (await askInstance(runningInstance(), path, asked)) as CertificateAnswer;
  if (wait || !json) return await seen(answer, { wait, json });
  printJson(answer);
}
