/** Questions about certificates, and what takes one back: status, explain, preflight, revoke. */
import { Option, type Command } from "commander";
import { REVOCATION_REASONS } from "../certificate-contract.ts";
import type { CertificateAnswer, CertificateExplanationAnswer, CertificateStatusAnswer } from "../contract.ts";
import { explanationPage } from "./cert-explain.ts";
import { wishFlags, wishOf, type WishFlags } from "./cert-flags.ts";
import { statusPage } from "./cert-lines.ts";
import { notReady, preflight } from "./cert-order.ts";
import { one } from "./cert-path.ts";
import { confirm } from "./confirm.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { line, paint, printable, printJson } from "./output.ts";
import { parseCount } from "../config.ts";
import { settingsOf } from "./session.ts";

export function actCommands(cert: Command): void {
  cert
    .command("status")
    .description("How far it is.")
    .argument("<name>")
    .option("--wait", "until nothing is under way any more")
    .option("--timeout <seconds>", "how long to wait at most; default 120")
    .action(status);
  cert
    .command("explain")
    .description("Why it is as it is: when and why it is renewed, the last problem, what the CA's limits leave.")
    .argument("<name>")
    .action(explain);
  const looked = cert
    .command("preflight")
    .description("What would stand in the way of a certificate. Nothing is ordered; exit code 1 if something does.")
    .argument("<domain...>")
    .option("--staging", "of the CA's staging server");
  wishFlags(looked).action(look);
  cert
    .command("revoke")
    .description("Tell the CA that it must not be trusted any more; another with a new key is ordered at once.")
    .argument("<name>")
    .addOption(new Option("--reason <reason>", "why").choices(Object.keys(REVOCATION_REASONS)).default("unspecified"))
    .option("-y, --yes", "do not ask")
    .action(revoke);
}

// Private

async function status(name: string, { wait, timeout: given }: { wait?: boolean; timeout?: string }, command: Command): Promise<void> {
  const timeout = parseCount("--timeout", given, 120, 120);
  const query = wait === true ? { wait, timeout } : {};
  const limit = wait === true ? timeout * 1_000 + 5_000 : 5_000;
  const answer = (await askInstance(runningInstance(), one(name, "/status"), { query, limit })) as CertificateStatusAnswer;
  if (settingsOf(command).json) printJson(answer);
  else statusPage(answer);
  // Who waited wants to know how it ended.
  if (wait === true && answer.generation !== "completed") process.exitCode = 1;
}

async function explain(name: string, _: unknown, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), one(name, "/explain"))) as CertificateExplanationAnswer;
  if (settingsOf(command).json) printJson(answer);
  else explanationPage(answer);
}

async function look(domains: string[], flags: WishFlags, command: Command): Promise<void> {
  const { json } = settingsOf(command);
  const found = await preflight({ domains, ...wishOf(flags) }, json);
  if (json) printJson(found);
  if (!found.ready && !json) throw notReady(found, json, "Mend it and look again.");
  if (!found.ready) process.exitCode = 1;
  else if (!json) line(`${paint("green", "✓")} Nothing stands in the way of a certificate for ${printable(domains.join(", "))}.`);
}

async function revoke(name: string, { reason, yes }: { reason: string; yes?: boolean }, command: Command): Promise<void> {
  await askInstance(runningInstance(), one(name));
  await confirm(`revoke the certificate ${name}: whoever looks is warned by it, until another is served`, yes);
  const asked = { method: "POST", body: { reason }, limit: REVOKE_LIMIT };
  const answer = (await askInstance(runningInstance(), one(name, "/revoke"), asked)) as CertificateAnswer;
  if (settingsOf(command).json) return printJson(answer);
  line(`${paint("green", "✓")} ${printable(name)} is revoked; another with a new key is ordered.`);
  line(`  See how it goes: tidegate cert status ${printable(name)} --wait`);
}

/** Milliseconds; the instance itself gives up after 30 seconds. */
const REVOKE_LIMIT = 35_000;
