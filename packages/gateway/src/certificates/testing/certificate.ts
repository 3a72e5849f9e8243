/** Certificates for tests, of any make, and a vault that hides nothing. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Vault } from "../../store/vault.ts";
import { checkUploaded } from "../check-uploaded.ts";
import type { CertificateData } from "../spec.ts";

export interface MadeCertificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly keys: CryptoKeyPair;
  readonly name: string;
}

export interface Make {
  readonly names: readonly string[];
  readonly issuer?: MadeCertificate;
  /** Days from now. Defaults -1, 90. */
  readonly from?: number;
  readonly to?: number;
  readonly algorithm?: RsaHashedKeyGenParams | EcKeyGenParams;
  readonly hash?: string;
  readonly ca?: boolean;
  readonly usage?: string;
}

export interface TestCertificate {
  readonly data: CertificateData;
  entry(name: string): { readonly name: string; readonly data: CertificateData };
}

const DAY = 86_400_000;
const P256: EcKeyGenParams = { name: "ECDSA", namedCurve: "P-256" };
let made = 0;

/** Seals nothing. */
export const openVault: Vault = {
  seal: (text) => ({ $sealed: text }),
  open: (sealed) => sealed.$sealed,
};

export async function makeCertificate(make: Make): Promise<MadeCertificate> {
  const {
    names,
    issuer,
    from = -1,
    to = 90,
    algorithm = P256,
    hash = "SHA-256",
    ca = false,
    usage = x509.ExtendedKeyUsage.serverAuth,
  } = make;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const name = `CN=${names[0] ?? "nobody"} ${(made += 1)}`;
  const san = names.map((value) => ({ type: "dns" as const, value }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: (0x1000 + made).toString(16),
    subject: name,
    issuer: issuer?.name ?? name,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + to * DAY),
    publicKey: keys.publicKey,
    signingKey: (issuer ?? { keys }).keys.privateKey,
    signingAlgorithm: { name: (issuer?.keys ?? keys).privateKey.algorithm.name, hash },
    extensions: [
      new x509.BasicConstraintsExtension(ca),
      ...(ca ? [] : [new x509.ExtendedKeyUsageExtension([usage])]),
      ...(san.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(san)]),
    ],
  });
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "pem", type: "pkcs8" }).toString();
  return { certificate: new X509Certificate(certificate.toString("pem")).toString(), key, keys, name };
}

export async function testCertificate(names: readonly string[]): Promise<TestCertificate> {
  const { certificate, key } = await makeCertificate({ names });
  const checked = checkUploaded({ chain: certificate, key });
  const data: CertificateData = { ...checked, key: { $sealed: key }, origin: "uploaded", owner: "admin" };
  return { data, entry: (name) => ({ name, data }) };
}
