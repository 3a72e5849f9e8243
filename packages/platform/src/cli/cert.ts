/** `tidegate cert`: certificates for HTTPS. Asks the running instance; a private key goes in and never comes out. */
import { Command } from "commander";
import type { CertificateAnswer, CertificatesAnswer } from "../contract.ts";
import { actCommands } from "./cert-acts.ts";
import { certificatePage, COLUMNS } from "./cert-lines.ts";
import { orderCommands } from "./cert-order.ts";
import { CERTIFICATES, one } from "./cert-path.ts";
import { confirm } from "./confirm.ts";
import { fail } from "./failure.ts";
import { Refused, askInstance, runningInstance } from "./instance-client.ts";
import { ago, line, paint, printable, printJson, table } from "./output.ts";
import { textOf } from "./proxy-flags.ts";
import { settingsOf } from "./session.ts";

export function certCommand(): Command {
  const cert = new Command("cert").description("Certificates for HTTPS.");
  orderCommands(cert);
  actCommands(cert);
  cert
    .command("upload")
    .description("Upload a certificate and its key; one of the name is replaced for the next handshakes.")
    .argument("[name]", "what targets may call it by; default: after its first host name")
    .requiredOption("--chain <file>", "PEM: the host's certificate first, each signed by the next")
    .requiredOption("--key <file>", "PEM: its private key; kept encrypted")
    .action(upload);
  cert.command("ls").description("All of them.").action(list);
  cert.command("show").description("One of them.").argument("<name>").option("--pem", "only the chain, as PEM").action(show);
  cert
    .command("delete")
    .alias("rm")
    .description("Remove a certificate; host names fall back to whichever fits.")
    .argument("<name>")
    .option("-y, --yes", "do not ask")
    .action(remove);
  return cert;
}

// Private

async function upload(name: string | undefined, { chain, key }: { chain: string; key: string }, command: Command): Promise<void> {
  const pems = { fullchain_pem: textOf(chain), private_key_pem: textOf(key) };
  const answer = await uploaded(name, pems);
  if (settingsOf(command).json) return printJson(answer);
  const { cert_name: called, domains, expires_at: end } = answer;
  line(`${paint("green", "✓")} ${printable(called)} is kept for ${printable(domains.join(", "))}; it ends ${ago(end ?? 0)}`);
  line(`  Serve a host with it: tidegate proxy create ${printable(domains[0] ?? "<host>")} <url> --https`);
}

async function uploaded(name: string | undefined, pems: object): Promise<CertificateAnswer> {
  const body = { ...pems, ...(name === undefined ? {} : { cert_name: name }) };
  try {
    return (await askInstance(runningInstance(), CERTIFICATES, { method: "POST", body })) as CertificateAnswer;
  } catch (error) {
    if (name === undefined || !(error instanceof Refused) || error.code !== "NAME_TAKEN") throw error;
    return (await askInstance(runningInstance(), one(name), { method: "PUT", body: pems })) as CertificateAnswer;
  }
}

async function list(_: unknown, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), CERTIFICATES)) as CertificatesAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length > 0) return table(items, COLUMNS);
  line("There is none. Have one issued: tidegate cert create app.example.org --staging");
  line("Or upload one:               tidegate cert upload --chain fullchain.pem --key privkey.pem");
}

async function show(name: string, { pem }: { pem?: boolean }, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), one(name))) as CertificateAnswer;
  if (settingsOf(command).json) return printJson(answer);
  if (pem !== true) return certificatePage(answer);
  if (answer.fullchain_pem === null) return fail(noChain(name), false);
  process.stdout.write(answer.fullchain_pem);
}

function noChain(name: string): Refused {
  const hint = `See how far it is: tidegate cert status ${name}`;
  const detail = `There is no certificate ${name} yet; it is being obtained.`;
  return new Refused(404, { type: "", title: "", status: 404, detail, code: "UNKNOWN_ENTITY", hint, request_id: "" });
}

async function remove(name: string, { yes }: { yes?: boolean }, command: Command): Promise<void> {
  // What is not there needs no question.
  await askInstance(runningInstance(), one(name));
  await confirm(`remove the certificate ${name}`, yes);
  await askInstance(runningInstance(), one(name), { method: "DELETE" });
  if (settingsOf(command).json) printJson({ deleted: name });
  else line(`${paint("green", "✓")} ${printable(name)} is gone.`);
}
