/** `tidegate proxy create`: a host name is served, and with `--issue` its certificate is watched until it is there as well. */
import type { Command } from "commander";
import type { CertificateAnswer, ProxyTargetMadeAnswer } from "../contract.ts";
import { one } from "./cert-path.ts";
import { notIssued, watched } from "./cert-progress.ts";
import { usage } from "./failure.ts";
import { Refused, askInstance, runningInstance } from "./instance-client.ts";
import { ago, line, paint, printable, printJson } from "./output.ts";
import { addTargetOptions, targetRequest, type TargetFlags } from "./proxy-flags.ts";
import { TARGETS } from "./proxy-path.ts";
import { targetDone } from "./proxy-words.ts";
import { settingsOf } from "./session.ts";

export function addCreate(proxy: Command): void {
  const create = proxy
    .command("create")
    .description("Serve a host name, and with --issue have a CA issue its certificate.")
    .argument("<host>", "app.example, *.app.example, localhost")
    .argument("<to>", "http:// or https:// URL, 3000 for a port of this machine, or service or service:port");
  addTargetOptions(create)
    .option("--issue", "ask a CA for its certificate, and wait until it is issued")
    .option("--email <address>", "contact of the account at the CA; default: ACME_EMAIL (asks for a certificate)")
    .option("--staging", "from the CA's staging server, to try it out: browsers do not trust it (asks for a certificate)")
    .option("--skip-preflight", "ask the CA without looking first whether it can reach the host")
    .action(run);
}

// Private

/** Milliseconds; the instance itself gives up after a minute. */
const PREFLIGHT_LIMIT = 75_000;

interface IssueFlags {
  readonly issue?: boolean;
  readonly email?: string;
  readonly staging?: boolean;
  readonly skipPreflight?: boolean;
}

async function run(hostname: string, to: string, flags: TargetFlags & IssueFlags, command: Command): Promise<void> {
  const { json } = settingsOf(command);
  const wish = issueOf(flags);
  const body = { hostname, ...targetRequest(flags, to), ...wish };
  const more = { method: "POST", body, ...(Object.keys(wish).length === 0 ? {} : { limit: PREFLIGHT_LIMIT }) };
  const answer = (await askInstance(runningInstance(), TARGETS, more)) as ProxyTargetMadeAnswer;
  const { certificate, certificate_problem: problem } = answer;
  if (!json) targetDone(answer, `${answer.hostname} is ${answer.served ? "served" : "kept"}`);
  const got = certificate === null ? null : await issued(certificate.name, json);
  if (json) printJson(got === null ? answer : { ...answer, certificate: { name: got.cert_name, status: got.status } });
  if (problem !== null) throw withoutCertificate(answer, problem, json);
  if (got === null) return;
  if (got.status !== "active") throw notIssued(got);
  if (!json) ready(got);
}

function issueOf({ issue, email, staging, skipPreflight, https }: TargetFlags & IssueFlags): Readonly<Record<string, unknown>> {
  const fields = { issue_certificate: issue, email, staging, skip_preflight: skipPreflight };
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (https === false && Object.keys(given).length > 0) throw usage("A certificate is for HTTPS: leave --no-https out, or ask for none.");
  if (skipPreflight === true && Object.keys(given).length === 1) throw usage("--skip-preflight goes with --issue.");
  return given;
}

/** One that was there before is not waited for. */
async function issued(name: string, quiet: boolean): Promise<CertificateAnswer> {
  const found = (await askInstance(runningInstance(), one(name))) as CertificateAnswer;
  return found.fingerprint === null ? await watched(found, quiet) : found;
}

/** To a person it was told among the warnings. */
function withoutCertificate({ hostname }: ProxyTargetMadeAnswer, problem: string, json: boolean): Refused {
  const detail = `${hostname} is made, but it has no certificate: ${json ? problem : "see above"}`;
  const hint = `The host need not be made again. When that is mended: tidegate cert create ${hostname}`;
  return new Refused(422, { type: "", title: "", status: 422, detail, code: "PREFLIGHT_FAILED", hint, request_id: "" });
}

function ready({ cert_name: name, domains, expires_at: end, staging, request }: CertificateAnswer): void {
  const by = staging ? " by the staging server" : "";
  const renewed = request === null ? "" : " and is renewed by itself";
  line(
    `${paint("green", "✓")} The certificate ${printable(name)} is issued${by} for ${printable(domains.join(", "))}; it ends ${ago(end ?? 0)}${renewed}.`,
  );
  if (staging) line(`  Browsers do not trust it. Then for good: tidegate cert convert ${printable(name)}`);
}
