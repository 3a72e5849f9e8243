/** Signs: a root, an intermediate below it, and certificates for as long as it is told (all P-256). */
import { randomBytes, X509Certificate } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { Refusal } from "./refusal.ts";

export interface Issued {
  /** Upper case hexadecimal, as X509Certificate has it. */
  readonly serial: string;
  /** By which renewal information is asked (RFC 9773 §4.1). */
  readonly certId: string;
  readonly domains: readonly string[];
  /** Unix ms. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** PEM, the leaf first. */
  readonly chain: string;
  readonly der: Buffer;
  readonly account: string;
  /** Unix ms. */
  revokedAt: number | null;
  /** Whether a later order named it as the one it replaces. */
  replaced: boolean;
}

export interface Life {
  readonly notBefore: number;
  readonly notAfter: number;
}

export class Issuer {
  /** PEM. */
  readonly root: string;
  readonly #keys: CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;
  readonly #authority: x509.AuthorityKeyIdentifierExtension;

  static async make(now: number): Promise<Issuer> {
    const [rootKeys, keys] = [await newKeys(), await newKeys()];
    const life = { notBefore: new Date(now - YEAR), notAfter: new Date(now + 20 * YEAR) };
    const root = await authority("CN=Clock CA Root", rootKeys.publicKey, { name: "CN=Clock CA Root", key: rootKeys.privateKey }, life);
    const signer = await authority("CN=Clock CA 1", keys.publicKey, { name: "CN=Clock CA Root", key: rootKeys.privateKey }, life);
    return new Issuer(keys, signer, root, await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey));
  }

  private constructor(
    keys: CryptoKeyPair,
    certificate: x509.X509Certificate,
    root: x509.X509Certificate,
    identifier: x509.AuthorityKeyIdentifierExtension,
  ) {
    this.#keys = keys;
    this.#certificate = certificate;
    this.#authority = identifier;
    this.root = pem(root);
  }

  /** `csr`: DER; for exactly these names. */
  async issue(csr: Buffer, domains: readonly string[], { notBefore, notAfter }: Life, account: string): Promise<Issued> {
    const request = await checked(csr, domains);
    const serial = Buffer.concat([Buffer.of(0x4c), randomBytes(15)]);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString("hex"),
      subject: request.subject,
      issuer: this.#certificate.subject,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
      publicKey: request.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ES256,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(domains.map((value) => ({ type: "dns" as const, value }))),
        this.#authority,
      ],
    });
    const certId = `${Buffer.from(this.#authority.keyId ?? "", "hex").toString("base64url")}.${serial.toString("base64url")}`;
    const der = Buffer.from(certificate.rawData);
    const chain = pem(certificate) + pem(this.#certificate);
    const about = { serial: serial.toString("hex").toUpperCase(), certId, domains, chain, der, account };
    return { ...about, notBefore, notAfter, revokedAt: null, replaced: false };
  }
}

// Private

const YEAR = 365 * 86_400_000;
const ES256 = { name: "ECDSA", hash: "SHA-256" };

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

async function authority(
  subject: string,
  publicKey: CryptoKey,
  by: { readonly name: string; readonly key: CryptoKey },
  life: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<x509.X509Certificate> {
  return await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString("hex").replace(/^./, "4"),
    subject,
    issuer: by.name,
    ...life,
    publicKey,
    signingKey: by.key,
    signingAlgorithm: ES256,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
}

async function checked(der: Buffer, domains: readonly string[]): Promise<x509.Pkcs10CertificateRequest> {
  const csr = await readable(der);
  const extension = csr.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension);
  const names = extension?.names.items.map(({ value }) => value) ?? [];
  if (sorted(names) !== sorted(domains)) throw badCsr(`it names ${names.join(", ") || "nothing"} instead of ${domains.join(", ")}`);
  const common = csr.subjectName.getField("CN");
  if (common.some((name) => !domains.includes(name))) throw badCsr(`its common name ${common.join()} is none of the order's`);
  return csr;
}

async function readable(der: Buffer): Promise<x509.Pkcs10CertificateRequest> {
  try {
    const csr = new x509.Pkcs10CertificateRequest(new Uint8Array(der));
    if (await csr.verify()) return csr;
  } catch (error) {
    throw badCsr(`it cannot be read: ${String(error)}`);
  }
  throw badCsr("its signature is wrong");
}

function badCsr(why: string): Refusal {
  return new Refusal(400, "badCSR", `The request is refused: ${why}`);
}

function sorted(names: readonly string[]): string {
  return names.toSorted((one, other) => one.localeCompare(other)).join(" ");
}

function pem(certificate: x509.X509Certificate): string {
  return new X509Certificate(Buffer.from(certificate.rawData)).toString();
}
