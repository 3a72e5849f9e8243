/** The DNS names of a certificate: of its subject alternative names only, as clients take them (RFC 6125 §6.4.4). */
import type { X509Certificate } from "node:crypto";
import { GatewayError } from "../errors.ts";

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const DOMAIN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);
const MOST = 1_000;

export function domainsOf(certificate: X509Certificate): string[] {
  // Node writes what could be misread in quotes; such a name is none.
  const entries = (certificate.subjectAltName ?? "").split(", ").filter((entry) => entry.startsWith("DNS:"));
  const names = [...new Set(entries.map((entry) => entry.slice(4).toLowerCase()))];
  if (names.length === 0) {
    throw refused(
      "The certificate names no host: it has no DNS name among its subject alternative names.",
      "Clients do not look at the common name. With openssl req: -addext subjectAltName=DNS:app.example",
    );
  }
  const wrong = names.find((name) => name.length > 255 || !DOMAIN.test(name));
  if (wrong !== undefined)
    throw refused(
      `${JSON.stringify(wrong.slice(0, 100))} in the certificate is no host name.`,
      "Allowed are names as app.example and *.app.example.",
    );
  if (names.length > MOST) throw refused(`The certificate has ${names.length} names; allowed are ${MOST}.`, "Divide them among several.");
  return names;
}

// Private

function refused(message: string, hint: string): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE", message, { hint });
}
