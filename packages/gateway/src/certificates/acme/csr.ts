/** The key of a certificate to come, and the request for it (RFC 2986). */
import { createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { CertificateRequest } from "../request-spec.ts";

/** RFC 5280: a common name has at most 64 characters. */
const MOST_COMMON_NAME = 64;
const ECDSA_HASH = { "P-256": "SHA-256", "P-384": "SHA-384" } as const;
const pair = promisify(generateKeyPair);

/** Off the main thread: RSA takes up to seconds. */
export async function newKey(type: CertificateRequest["key_type"]): Promise<KeyObject> {
  switch (type) {
    case "ec-p256":
      return (await pair("ec", { namedCurve: "P-256" })).privateKey;
    case "ec-p384":
      return (await pair("ec", { namedCurve: "P-384" })).privateKey;
    case "rsa-2048":
      return (await pair("rsa", { modulusLength: 2048 })).privateKey;
    case "rsa-4096":
      return (await pair("rsa", { modulusLength: 4096 })).privateKey;
  }
}

/** DER. `domains`: lower case, punycode; the first becomes the subject where it is short enough. */
export async function newCsr(key: KeyObject, domains: readonly string[]): Promise<Buffer> {
  const { keys, algorithm } = await signingPair(key);
  const [first = ""] = domains;
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    ...(first.length > MOST_COMMON_NAME ? {} : { name: [{ CN: [first] }] }),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension(domains.map((value) => ({ type: "dns" as const, value })))],
  });
  return Buffer.from(csr.rawData);
}

// Private

/** The same whether the types of a browser are there or not. */
type SigningPair = Parameters<typeof x509.Pkcs10CertificateRequestGenerator.create>[0]["keys"];

async function signingPair(key: KeyObject): Promise<{ keys: SigningPair; algorithm: { name: string; hash: string } }> {
  const curve = key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "P-384" : "P-256";
  const rsa = key.asymmetricKeyType === "rsa";
  const hash = rsa ? "SHA-256" : ECDSA_HASH[curve];
  const algorithm = { name: rsa ? "RSASSA-PKCS1-v1_5" : "ECDSA", hash };
  const made = rsa ? algorithm : { name: "ECDSA", namedCurve: curve };
  const publicDer = createPublicKey(key).export({ format: "der", type: "spki" });
  const privateKey = await crypto.subtle.importKey("pkcs8", key.export({ format: "der", type: "pkcs8" }), made, false, ["sign"]);
  const publicKey = await crypto.subtle.importKey("spki", publicDer, made, true, ["verify"]);
  return { keys: { privateKey, publicKey }, algorithm };
}
