/**
 * The certificate the edge shows where a port speaks TLS for the sake of client certificates: self-signed, made once, kept in the data
 * folder (`edge-tls.pem`, 0600), so that clients may pin it. Several workers start at once: the first file stays.
 */
import { randomBytes, X509Certificate } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

export interface Identity {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
}

const DAY = 86_400_000;
const LIFETIME = 3_650 * DAY;
const RENEW_BEFORE = 30 * DAY;

export async function openIdentity(folder: string): Promise<Identity> {
  const path = join(folder, "edge-tls.pem");
  const found = await readIdentity(path);
  if (found !== null) return found;
  await keep(path, await makeIdentity());
  const kept = await readIdentity(path);
  if (kept === null) throw new Error(`${path} cannot be read back`);
  return kept;
}

// Private

async function readIdentity(path: string): Promise<Identity | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----\n?/.exec(text)?.[0];
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/.exec(text)?.[0];
  if (key === undefined || certificate === undefined) return null;
  const left = Date.parse(new X509Certificate(certificate).validTo) - Date.now();
  return left > RENEW_BEFORE ? { key, certificate } : null;
}

/** One that is there was just made by another worker, and stays; unless it is of no use to anybody. */
async function keep(path: string, { key, certificate }: Identity): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  await writeFile(draft, `${key}\n${certificate}\n`, { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if ((await readIdentity(path)) === null) await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function makeIdentity(): Promise<Identity> {
  await import("reflect-metadata");
  const { ExtendedKeyUsage, ExtendedKeyUsageExtension, PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } =
    await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const names = [...new Set(["localhost", hostname()])].map((value) => ({ type: "dns" as const, value }));
  const addresses = ["127.0.0.1", "::1"].map((value) => ({ type: "ip" as const, value }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=tidegate edge",
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + LIFETIME),
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new SubjectAlternativeNameExtension([...names, ...addresses]),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { key, certificate: certificate.toString("pem") };
}
