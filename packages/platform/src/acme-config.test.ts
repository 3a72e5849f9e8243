import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AcmeSettings } from "@tidegate/gateway";
import { makeCertificate } from "../../gateway/src/certificates/testing/certificate.ts";
import { parseConfig } from "./config.ts";

const OTHER = "https://ca.example.org/directory";
const SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";

describe("the settings of certificates", () => {
  let folder = "";
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tidegate-acme-config-"));
    writeFileSync(join(folder, "roots.pem"), `# ours\n${(await makeCertificate({ names: ["ca.example.org"] })).certificate}`);
    writeFileSync(join(folder, "empty.pem"), "nothing");
    writeFileSync(join(folder, "broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    writeFileSync(join(folder, "hook"), "#!/bin/sh\n");
    chmodSync(join(folder, "hook"), 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));
  const acme = (env: Record<string, string>, file = "{}"): AcmeSettings => {
    writeFileSync(join(folder, "tidegate.config.json"), file);
    return parseConfig({}, env, folder).acme;
  };

  it("are Let's Encrypt's with its staging server where nothing is set", () => {
    const { authorities, ...rest } = acme({});
    const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";
    const stagingUrl = "https://acme-staging-v02.api.letsencrypt.org/directory";
    assert.deepEqual(authorities, [{ directoryUrl: letsEncrypt, stagingUrl, eab: null }]);
    assert.deepEqual(rest, { trusted: null, email: null, dns: null, publicAddresses: [], httpPort: 80 });
    assert.equal(acme({ ACME_DIRECTORY_URL: OTHER }).authorities[0]?.stagingUrl, null);
  });

  it("take several CAs in turn, the staging servers in their order, the external account for the first", () => {
    const env = { ACME_STAGING_URL: `,${OTHER}/staging`, ACME_EAB_HMAC_KEY: "ab+/ab+/ab+/ab+/==" };
    const file = JSON.stringify({ acmeDirectoryUrl: ["https://one.example.org/dir", OTHER], acmeEabKid: "kid-1" });
    assert.deepEqual(acme(env, file).authorities, [
      { directoryUrl: "https://one.example.org/dir", stagingUrl: null, eab: { kid: "kid-1", hmacKey: "ab-_ab-_ab-_ab-_" } },
      { directoryUrl: OTHER, stagingUrl: `${OTHER}/staging`, eab: null },
    ]);
  });

  it("take roots from a file, addresses from a list, a port", () => {
    const found = acme({ ACME_CA_FILE: "roots.pem", ACME_PUBLIC_ADDRESSES: "203.0.113.7, LB.example.org,fd00::1", ACME_HTTP_PORT: "5002" });
    assert.match(found.trusted ?? "", /^-----BEGIN CERTIFICATE-----[^#]+-----END CERTIFICATE-----\n$/);
    assert.deepEqual([found.publicAddresses, found.httpPort], [["203.0.113.7", "lb.example.org", "fd00::1"], 5002]);
  });

  it("take one of three that write DNS records", () => {
    assert.deepEqual(acme({ ACME_DNS_EXEC: "./hook" }).dns, { kind: "exec", command: join(folder, "hook") });
    const url = "https://dns.example.org/acme";
    assert.deepEqual(acme({ ACME_DNS_WEBHOOK: url, ACME_DNS_WEBHOOK_TOKEN: "t" }).dns, { kind: "webhook", url, token: "t" });
    const rfc2136 = { kind: "rfc2136", server: "ns.example.org", port: 5353, zone: "example.org" };
    const key = { name: "tg", algorithm: "hmac-sha512", secret: SECRET };
    const address = "dns://ns.example.org:5353/Example.org.?key=tg&algorithm=HMAC-SHA512";
    assert.deepEqual(acme({ ACME_DNS_RFC2136: `${address}&secret=${SECRET}` }).dns, { ...rfc2136, key });
    assert.deepEqual(acme({ ACME_DNS_RFC2136_SECRET: SECRET }, JSON.stringify({ acmeDnsRfc2136: address })).dns, { ...rfc2136, key });
    const bare = { kind: "rfc2136", server: "fd00::1", port: 53, zone: null, key: null };
    assert.deepEqual(acme({ ACME_DNS_RFC2136: "dns://[fd00::1]" }).dns, bare);
  });

  const wrong: [string, Record<string, string>, RegExp, RegExp][] = [
    ["a directory without TLS", { ACME_DIRECTORY_URL: "http://ca.example.org/" }, /ACME_DIRECTORY_URL.*"http:\/\/ca/, /https addresses/],
    ["a password in a directory", { ACME_DIRECTORY_URL: "https://u:hunter2@ca/" }, /"https:\/\/\*\*\*@ca\/"/, /https addresses/],
    ["a CA twice", { ACME_DIRECTORY_URL: `${OTHER},${OTHER}` }, /a directory twice/, /each CA once/],
    ["more staging servers than CAs", { ACME_STAGING_URL: `${OTHER},${OTHER}` }, /ACME_STAGING_URL.*2 directories for 1/, /in its order/],
    ["half an external account", { ACME_EAB_KID: "kid" }, /ACME_EAB_KID.*without ACME_EAB_HMAC_KEY/, /both/],
    ["a key that is none", { ACME_EAB_KID: "kid", ACME_EAB_HMAC_KEY: "hunter2" }, /ACME_EAB_HMAC_KEY.*7 characters/, /base64url/],
    ["a contact that is none", { ACME_EMAIL: "admin" }, /ACME_EMAIL.*"admin"/, /admin@example\.org/],
    ["roots that are not there", { ACME_CA_FILE: "none.pem" }, /ACME_CA_FILE.*cannot be read: ENOENT/, /PEM file/],
    ["roots without a certificate", { ACME_CA_FILE: "empty.pem" }, /ACME_CA_FILE.*no certificate in .*empty\.pem/, /BEGIN CERTIFICATE/],
    ["damaged roots", { ACME_CA_FILE: "broken.pem" }, /ACME_CA_FILE.*cannot be read in/, /BEGIN CERTIFICATE/],
    ["an address with a port", { ACME_PUBLIC_ADDRESSES: "lb.example.org/80" }, /ACME_PUBLIC_ADDRESSES/, /without ports/],
    ["a port that is none", { ACME_HTTP_PORT: "0" }, /ACME_HTTP_PORT.*"0"/, /1 to 65535/],
    ["a program that is not there", { ACME_DNS_EXEC: "./no" }, /ACME_DNS_EXEC.*\/no", which is not there/, /present\|clean/],
    ["a program that may not be run", { ACME_DNS_EXEC: "./empty.pem" }, /ACME_DNS_EXEC.*may not be run/, /present\|clean/],
    ["two that write records", { ACME_DNS_EXEC: "./hook", ACME_DNS_WEBHOOK: OTHER }, /ACME_DNS_WEBHOOK.*beside ACME_DNS_EXEC/, /only one/],
    ["a webhook in the clear", { ACME_DNS_WEBHOOK: "http://dns.example.org/?hunter2" }, /ACME_DNS_WEBHOOK.*address of http:/, /https/],
    ["a server that is none", { ACME_DNS_RFC2136: "ns.example.org?secret=hunter2" }, /ACME_DNS_RFC2136.*no dns:\/\/ address/, /key=name/],
    ["a key without a secret", { ACME_DNS_RFC2136: "dns://ns/z?key=tg" }, /the key "tg" without a secret/, /ACME_DNS_RFC2136_SECRET/],
    ["another algorithm", { ACME_DNS_RFC2136: `dns://ns/z?key=tg&algorithm=md5&secret=${SECRET}` }, /unknown algorithm/, /hmac-sha512/],
    ["a secret that is none", { ACME_DNS_RFC2136: "dns://ns/z?key=tg&secret=hunter2" }, /7 characters that is no base64/, /base64/],
  ];
  for (const [name, env, message, hint] of wrong) {
    it(`refuse ${name}, and print no secret`, () => {
      const isIt = (error: Error & { hint?: string }): boolean => !`${error.message} ${error.hint}`.includes("hunter2");
      assert.throws(() => acme(env), { code: "INVALID_SETTING", exitCode: 2, message, hint });
      assert.throws(() => acme(env), isIt);
    });
  }

  it("refuse a secret in the settings file", () => {
    const file = JSON.stringify({ acmeDnsRfc2136: `dns://ns/z?key=tg&secret=${SECRET}` });
    assert.throws(() => acme({}, file), { message: /"acmeDnsRfc2136" in tidegate\.config\.json is wrong: found a secret/ });
  });
});
