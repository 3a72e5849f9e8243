import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { httpsGet } from "./https-ask.ts";
import { startPebble } from "./pebble.ts";

describe("startPebble()", () => {
  it("brings a CA with DNS, and leaves nothing behind", async () => {
    const pebble = await startPebble({ eab: { "kid-1": createHash("sha256").update("x").digest("base64url") } });
    try {
      const directory = await httpsGet(pebble.directoryUrl, pebble.trusted);
      assert.equal(directory.status, 200);
      assert.match(directory.text, /"externalAccountRequired": true/);
      const [root, intermediate] = [new X509Certificate(await pebble.root()), new X509Certificate(await pebble.intermediate())];
      assert.ok(intermediate.checkIssued(root));
      assert.equal(await pebble.statusOf("0abc"), null);
      assert.equal(pebble.pids.length, 2);
    } finally {
      await pebble[Symbol.asyncDispose]();
    }
    for (const pid of pebble.pids) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    assert.ok(!existsSync(pebble.folder));
  });

  it("answers the DNS records that were set", async () => {
    await using pebble = await startPebble();
    const resolver = pebble.dns.resolver();
    await pebble.dns.a("other.example", "192.0.2.1");
    await pebble.dns.aaaa("other.example", "2001:db8::1");
    await pebble.dns.txt("_acme-challenge.other.example", "one");
    await pebble.dns.txt("_acme-challenge.other.example", "two");
    await pebble.dns.caa("other.example", { tag: "issue", value: "ca.example" });
    assert.deepEqual(await resolver.resolve4("other.example"), ["192.0.2.1"]);
    assert.deepEqual(await resolver.resolve6("other.example"), ["2001:db8::1"]);
    assert.deepEqual((await resolver.resolveTxt("_acme-challenge.other.example")).flat().sort(), ["one", "two"]);
    assert.deepEqual(await resolver.resolveCaa("other.example"), [{ critical: 0, issue: "ca.example", type: "CAA" }]);
    assert.deepEqual(await resolver.resolve4("anything.example"), ["127.0.0.1"]);
    await pebble.dns.clear("other.example");
    assert.deepEqual(await resolver.resolve4("other.example"), ["127.0.0.1"]);
    await pebble.dns.defaultAddress("");
    await assert.rejects(resolver.resolve4("other.example"), { code: /ENODATA|ENOTFOUND/ });
  });
});
