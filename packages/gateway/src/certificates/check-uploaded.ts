/**
 * What a person uploads as a certificate, checked so that it will serve: it can be read, the key fits, each certificate is signed by the next, all are good
 * today, and nothing in it is too weak for clients. INVALID_CERTIFICATE says which part is wrong and how to mend it.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { GatewayError } from "../errors.ts";
import { keyType } from "./key-type.ts";
import type { CertificateData } from "./spec.ts";
import { domainsOf } from "./domains.ts";

/** PEM, as it comes from a person. */
export interface UploadedCertificate {
  readonly chain: unknown;
  readonly key: unknown;
}

/** What is kept of it; the key (PKCS #8 PEM) still open. */
export type CheckedCertificate = Omit<CertificateData, "key" | "origin" | "owner"> & { readonly key: string };

const PEM_LIMIT = 65_536;
const MOST_CERTIFICATES = 10;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const WEAK_SIGNATURE = /md[245]|sha-?1(?!\d)/i;

/** `now`: Unix ms. */
export function checkUploaded(uploaded: UploadedCertificate, now: number = Date.now()): CheckedCertificate {
  const chain = readChain(textOf(uploaded.chain, "chain"));
  const key = readKey(textOf(uploaded.key, "key"));
  const leaf = leafOf(chain, key);
  checkUse(leaf);
  chain.forEach((certificate, at) => checkLink(certificate, chain[at + 1], at, now));
  return {
    domains: domainsOf(leaf),
    chain: chain.map((certificate) => certificate.toString()).join(""),
    key: key.export({ format: "pem", type: "pkcs8" }).toString(),
    not_before: leaf.validFromDate.getTime(),
    not_after: leaf.validToDate.getTime(),
    subject: inOneLine(leaf.subject),
    issuer: inOneLine(leaf.issuer),
    fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
    serial: leaf.serialNumber.toLowerCase(),
    key_type: keyType(leaf.publicKey, "The key of the certificate"),
  };
}

function invalidCertificate(message: string, hint?: string, cause?: unknown): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE", message, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

// Private

function textOf(value: unknown, field: string): string {
  if (typeof value !== "string" || value.trim() === "") throw invalidCertificate(`${field} is missing.`, `Give ${field} as PEM text.`);
  if (value.length > PEM_LIMIT) throw invalidCertificate(`${field} has ${value.length} characters; allowed are ${PEM_LIMIT}.`);
  return value;
}

function readChain(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    throw invalidCertificate(
      "chain holds no PEM certificate.",
      "It begins with -----BEGIN CERTIFICATE-----. From DER: openssl x509 -inform der -in cert.der",
    );
  }
  if (blocks.length > MOST_CERTIFICATES)
    throw invalidCertificate(`chain holds ${blocks.length} certificates; allowed are ${MOST_CERTIFICATES}.`);
  return blocks.map((block, at) => readCertificate(block, at));
}

function readCertificate(block: string, at: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw invalidCertificate(
      `Certificate ${at + 1} of the chain cannot be read.`,
      "It may be cut off or altered; take it from its source again.",
      error,
    );
  }
}

function readKey(pem: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw invalidCertificate(
      "The key is encrypted with a passphrase.",
      "Take it off: openssl pkey -in key.pem -out open.pem (it is encrypted again where it is kept)",
    );
  }
  const block = /-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z0-9]+ )?PRIVATE KEY-----/.exec(pem)?.[0];
  if (block === undefined) throw invalidCertificate("key holds no PEM private key.", "It begins with -----BEGIN PRIVATE KEY-----.");
  try {
    return createPrivateKey(block);
  } catch (error) {
    throw invalidCertificate(
      "The key cannot be read.",
      "It may be cut off or altered. To see: openssl pkey -in key.pem -noout -check",
      error,
    );
  }
}

function leafOf(chain: readonly X509Certificate[], key: KeyObject): X509Certificate {
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  const leaf = chain[0];
  if (at === 0 && leaf !== undefined) return leaf;
  if (at > 0)
    throw invalidCertificate(
      `The key belongs to certificate ${at + 1} of the chain, which must be the first.`,
      "Order: the server's certificate, then each one that signed the one before.",
    );
  throw invalidCertificate(
    `The key does not belong to the certificate of ${inOneLine(leaf?.subject ?? "")}.`,
    "Upload the key the certificate was requested with.",
  );
}

function checkUse(leaf: X509Certificate): void {
  const uses = leaf.keyUsage as readonly string[] | undefined;
  if (uses === undefined || uses.length === 0 || uses.includes(SERVER_AUTH)) return;
  throw invalidCertificate("The certificate is not for servers: its extended key usage lacks serverAuth.", "Request one for a web server.");
}

function checkLink(certificate: X509Certificate, next: X509Certificate | undefined, at: number, now: number): void {
  const called = `Certificate ${at + 1} of the chain (${inOneLine(certificate.subject)})`;
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  if (to <= now) throw invalidCertificate(`${called} has expired: it was good until ${dayOf(to)}.`, "Upload a renewed one.");
  if (from > now)
    throw invalidCertificate(
      `${called} is good from ${dayOf(from)} only.`,
      "Upload it then; or see whether the clock of this machine is right.",
    );
  keyType(certificate.publicKey, `The key of certificate ${at + 1} of the chain`);
  const selfSigned = certificate.checkIssued(certificate);
  if (!selfSigned && WEAK_SIGNATURE.test(certificate.signatureAlgorithm ?? "")) {
    throw invalidCertificate(
      `${called} is signed with ${certificate.signatureAlgorithm}, which clients refuse.`,
      "Request one signed with SHA-256 or better.",
    );
  }
  if (next === undefined) return;
  if (certificate.checkIssued(next) && certificate.verify(next.publicKey)) return;
  throw invalidCertificate(
    `${called} is not signed by the next one (${inOneLine(next.subject)}).`,
    "Order: the server's certificate, then each one that signed the one before; leave out what does not belong to it.",
  );
}

function inOneLine(name: string): string {
  return name.split("\n").join(", ").slice(0, 255);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}
