/** The certificate of a test server's own HTTPS, signed by itself: only who is given it as trusted can speak with the server. */
import { randomUUID, X509Certificate } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { pemOf } from "./pem.ts";

export interface ServerIdentity {
  /** PEM; also what clients must trust. */
  readonly certificate: string;
  readonly key: string;
}

/** For localhost and 127.0.0.1; a month from yesterday. */
export async function serverIdentity(): Promise<ServerIdentity> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // A name of its own: of two trusted ones with the same name, OpenSSL tries only one.
    name: `CN=localhost ${randomUUID()}`,
    keys,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 30 * DAY),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
      ]),
    ],
  });
  return { certificate: new X509Certificate(certificate.toString("pem")).toString(), key: await pemOf(keys.privateKey) };
}

// Private

const DAY = 86_400_000;
