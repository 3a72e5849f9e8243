/** By what a certificate is called in renewal information (RFC 9773 §4.1). */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** `certificate`: PEM or DER. Null: it does not name the key that signed it, so the CA could not find it. */
export function certId(certificate: string | Buffer): string | null {
  const parsed = new x509.X509Certificate(typeof certificate === "string" ? certificate : new Uint8Array(certificate));
  const signedBy = parsed.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
  if (signedBy === undefined) return null;
  return `${Buffer.from(signedBy, "hex").toString("base64url")}.${octetsOf(parsed.serialNumber).toString("base64url")}`;
}

// Private

/** As DER has it: a positive number whose first bit is set begins with a zero octet. */
function octetsOf(serial: string): Buffer {
  const octets = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, "hex");
  const first = octets.findIndex((octet) => octet !== 0);
  const bare = first === -1 ? Buffer.of(0) : octets.subarray(first);
  return (bare[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare;
}
