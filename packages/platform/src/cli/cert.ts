/** `tidegate cert`: certificates for HTTPS. Asks the running instance; a private key goes in and never comes out. */
import { Command } from "commander";
import type { CertificateAnswer, CertificatesAnswer } from "../contract.ts";
import { confirm } from "./confirm.ts";
import { Refused, askInstance, runningInstance } from "./instance-client.ts";
import { ago, facts, line, paint, printable, printJson, table, type Column } from "./output.ts";
import { textOf } from "./proxy-flags.ts";
import { settingsOf } from "./session.ts";

export function certCommand(): Command {
  const cert = new Command("cert").description("Certificates for HTTPS.");
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

const PATH = "/api/v1/certificates";

const COLUMNS: readonly Column<CertificatesAnswer["items"][number]>[] = [
  { title: "CERTIFICATE", value: ({ cert_name: name }) => name },
  { title: "HOSTS", value: ({ domains }) => domains.join(" ") },
  { title: "STATE", value: ({ status }) => status },
  { title: "ENDS", value: ({ expires_at: at }) => ago(at) },
  { title: "KEY", value: ({ key_type: key }) => key },
  { title: "ISSUER", value: ({ issuer }) => issuer },
];

async function upload(name: string | undefined, { chain, key }: { chain: string; key: string }, command: Command): Promise<void> {
  const pems = { fullchain_pem: textOf(chain), private_key_pem: textOf(key) };
  const answer = await uploaded(name, pems);
  if (settingsOf(command).json) return printJson(answer);
  line(
    `${paint("green", "✓")} ${printable(answer.cert_name)} is kept for ${printable(answer.domains.join(", "))}; it ends ${ago(answer.expires_at)}`,
  );
  line(`  Serve a host with it: tidegate proxy create ${printable(answer.domains[0] ?? "<host>")} <url> --https`);
}

async function uploaded(name: string | undefined, pems: object): Promise<CertificateAnswer> {
  const body = { ...pems, ...(name === undefined ? {} : { cert_name: name }) };
  try {
    return (await askInstance(runningInstance(), PATH, { method: "POST", body })) as CertificateAnswer;
  } catch (error) {
    if (name === undefined || !(error instanceof Refused) || error.code !== "NAME_TAKEN") throw error;
    return (await askInstance(runningInstance(), one(name), { method: "PUT", body: pems })) as CertificateAnswer;
  }
}

async function list(_: unknown, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), PATH)) as CertificatesAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0) return line("There is none. Upload one: tidegate cert upload --chain fullchain.pem --key privkey.pem");
  table(items, COLUMNS);
}

async function show(name: string, { pem }: { pem?: boolean }, command: Command): Promise<void> {
  const answer = (await askInstance(runningInstance(), one(name))) as CertificateAnswer;
  if (settingsOf(command).json) return printJson(answer);
  if (pem === true) return void process.stdout.write(answer.fullchain_pem);
  facts([
    ["certificate", answer.cert_name],
    ["hosts", answer.domains.join(", ")],
    ["state", answer.status],
    ["from", new Date(answer.issued_at).toISOString()],
    ["ends", `${new Date(answer.expires_at).toISOString()} (${ago(answer.expires_at)})`],
    ["subject", answer.subject],
    ["issuer", answer.issuer],
    ["key", answer.key_type],
    ["fingerprint", answer.fingerprint],
    ["owner", answer.owner],
  ]);
}

async function remove(name: string, { yes }: { yes?: boolean }, command: Command): Promise<void> {
  // What is not there needs no question.
  await askInstance(runningInstance(), one(name));
  await confirm(`remove the certificate ${name}`, yes);
  await askInstance(runningInstance(), one(name), { method: "DELETE" });
  if (settingsOf(command).json) printJson({ deleted: name });
  else line(`${paint("green", "✓")} ${printable(name)} is gone.`);
}

function one(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}
