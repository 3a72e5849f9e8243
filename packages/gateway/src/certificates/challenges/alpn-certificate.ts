/** The certificate that is the answer to a tls-alpn-01 challenge (RFC 8737 §3): for one host, signed by itself, trusted by nobody. */
import { createHash, createPrivateKey, randomBytes, X509Certificate } from "node:crypto";

/** What the CA asks for and is answered with, alone (RFC 8737 §6.2). */
export const ACME_TLS = "acme-tls/1";
const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const DAY = 86_400_000;

export interface AlpnCertificate {
  /** PEM. */
  readonly chain: string;
  readonly key: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
}

/** `now`: Unix ms. */
export async function alpnCertificate(host: string, keyAuthorization: string, now: number): Promise<AlpnCertificate> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `4${randomBytes(16).toString("hex").slice(1)}`,
    name: "CN=ACME challenge",
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + DAY),
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
      new x509.Extension(ACME_IDENTIFIER, true, acmeIdentifier(keyAuthorization)),
    ],
  });
  const chain = made.toString("pem");
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).export({ format: "pem", type: "pkcs8" }).toString();
  return { chain, key, fingerprint: new X509Certificate(chain).fingerprint256.replaceAll(":", "").toLowerCase() };
}

// Private

/** DER: an OCTET STRING of 32 bytes. */
function acmeIdentifier(keyAuthorization: string): Buffer<ArrayBuffer> {
  return Buffer.concat([Buffer.from([0x04, 0x20]), createHash("sha256").update(keyAuthorization).digest()]);
}
