import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GatewayError } from "../errors.ts";
import { checkUploaded } from "./check-uploaded.ts";
import { makeCertificate, type MadeCertificate } from "./testing/certificate.ts";

const RSA = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };

describe("checkUploaded", async () => {
  const root = await makeCertificate({ names: ["Root"], ca: true });
  const middle = await makeCertificate({ names: ["Middle"], ca: true, issuer: root });
  const names = ["App.Example", "*.app.example"];
  const leaf = await makeCertificate({ names, issuer: middle });
  const other = await makeCertificate({ names: ["other.example"] });

  it("takes a chain with its key and says what it is", () => {
    const { chain, key, ...seen } = checkUploaded({
      chain: `text\n${leaf.certificate}${middle.certificate}${root.certificate}`,
      key: leaf.key,
    });
    assert.equal(chain, leaf.certificate + middle.certificate + root.certificate);
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
    assert.deepEqual(
      [seen.domains, seen.subject, seen.issuer, seen.key_type],
      [["app.example", "*.app.example"], leaf.name, middle.name, "EC P-256"],
    );
    assert.match(seen.fingerprint, /^[0-9a-f]{64}$/);
    assert.equal(Math.round((seen.not_after - seen.not_before) / 86_400_000), 91);
  });

  it("takes RSA and Ed25519 keys", async () => {
    const rsa = await makeCertificate({ names, algorithm: RSA });
    assert.equal(checkUploaded(pair(rsa)).key_type, "RSA 2048");
    const ed = await makeCertificate({ names, algorithm: { name: "Ed25519" } as EcKeyGenParams });
    assert.equal(checkUploaded(pair(ed)).key_type, "Ed25519");
  });

  const wrong: readonly [string, () => Promise<{ chain: unknown; key: unknown }> | { chain: unknown; key: unknown }, RegExp][] = [
    ["nothing", () => ({ chain: undefined, key: leaf.key }), /chain is missing/],
    ["no PEM", () => ({ chain: "hello", key: leaf.key }), /no PEM certificate/],
    [
      "a torn certificate",
      () => ({ chain: leaf.certificate.replace(/MII[\s\S]{40}/, ""), key: leaf.key }),
      /Certificate 1 .* cannot be read/,
    ],
    ["no key", () => ({ chain: leaf.certificate, key: leaf.certificate }), /no PEM private key/],
    ["a torn key", () => ({ chain: leaf.certificate, key: leaf.key.replace(/MI[\s\S]{40}/, "") }), /key cannot be read/],
    ["an encrypted key", () => ({ chain: leaf.certificate, key: "-----BEGIN ENCRYPTED PRIVATE KEY-----" }), /passphrase/],
    [
      "a key of something else",
      () => ({ chain: leaf.certificate, key: other.key }),
      /does not belong to the certificate of CN=App\.Example/,
    ],
    [
      "a chain in the wrong order",
      () => ({ chain: middle.certificate + leaf.certificate, key: leaf.key }),
      /belongs to certificate 2 .* must be the first/,
    ],
    [
      "a chain with a hole",
      () => ({ chain: leaf.certificate + root.certificate, key: leaf.key }),
      /Certificate 1 .* is not signed by the next one/,
    ],
    ["a signer that is none", () => ({ chain: leaf.certificate + other.certificate, key: leaf.key }), /is not signed by the next one/],
    ["an expired one", async () => pair(await makeCertificate({ names, from: -9, to: -1 })), /has expired: it was good until/],
    ["one of tomorrow", async () => pair(await makeCertificate({ names, from: 1 })), /is good from .* only/],
    [
      "1024 bits",
      async () => pair(await makeCertificate({ names, algorithm: { ...RSA, modulusLength: 1024 } })),
      /1024 bits of RSA; allowed are 2048/,
    ],
    [
      "SHA-1",
      async () =>
        pair(
          await makeCertificate({
            names,
            issuer: await makeCertificate({ names: ["Old"], ca: true, algorithm: { ...RSA, hash: "SHA-1" } }),
            hash: "SHA-1",
          }),
        ),
      /signed with .*sha1/i,
    ],
    ["no name", async () => pair(await makeCertificate({ names: [] })), /names no host/],
    ["no host name", async () => pair(await makeCertificate({ names: ["a b"] })), /"a b" in the certificate is no host name/],
    ["one for mail", async () => pair(await makeCertificate({ names, usage: "1.3.6.1.5.5.7.3.4" })), /not for servers/],
    ["too much", () => ({ chain: "x".repeat(70_000), key: leaf.key }), /70000 characters; allowed are 65536/],
  ];
  for (const [what, make, message] of wrong) {
    it(`refuses ${what}`, async () => {
      const uploaded = await make();
      assert.throws(
        () => checkUploaded(uploaded),
        (error) => error instanceof GatewayError && error.code === "INVALID_CERTIFICATE" && message.test(error.message),
      );
    });
  }
});

function pair({ certificate, key }: MadeCertificate): { chain: string; key: string } {
  return { chain: certificate, key };
}
