import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { makeCertificate } from "../testing/certificate.ts";
import { certId } from "./ari.ts";

async function signedBy(serialNumber: string, key: string): Promise<string> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const extensions = [new x509.AuthorityKeyIdentifierExtension(key)];
  const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: "CN=a",
    keys,
    signingAlgorithm,
    extensions,
  });
  return certificate.toString("pem");
}

describe("certId()", () => {
  const key = "69885b6b87464041e1b37b847ba0ae2cde01c8d4";

  it("is as the example of RFC 9773 has it, for PEM and DER", async () => {
    const certificate = await signedBy("0087654321", key);
    assert.equal(certId(certificate), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert.equal(certId(new X509Certificate(certificate).raw), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  });

  it("writes small serials without a zero before them", async () => {
    assert.equal(certId(await signedBy("7f01", key)), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.fwE");
    assert.equal(certId(await signedBy("05", key)), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.BQ");
  });

  it("is null where a certificate does not say who signed it", async () => {
    assert.equal(certId((await makeCertificate({ names: ["a.example"] })).certificate), null);
  });
});
