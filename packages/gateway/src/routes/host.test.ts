/** Tests of host names and networks: tables of what they may be, and lists against the definition of a network. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { cidr, networks } from "./cidr.ts";
import { checkHost, targetName, wildcardOf } from "./host.ts";

describe("targetName", () => {
  it("has one spelling", () => {
    for (const [given, name] of [
      ["App.Example", "app.example"],
      ["app.example.", "app.example"],
      ["*.App.example", "*.app.example"],
      ["bücher.example", "xn--bcher-kva.example"],
      ["localhost", "localhost"],
      ["192.0.2.1", "192.0.2.1"],
      ["[2001:DB8:0:0::1]", "[2001:db8::1]"],
      ["::1", "[::1]"],
      ["my_app.test", "my_app.test"],
    ] as const)
      assert.equal(targetName(given), name, given);
  });

  it("is no URL, port, pattern or half an address", () => {
    for (const given of [
      "",
      ".",
      "*",
      "*.",
      "a..b",
      "a b",
      "http://a",
      "a:80",
      "a/b",
      "a.*.b",
      "**.a",
      "-a.example",
      "a-.example",
      "1.2.3",
      "0x7f.1",
      "[::1",
      "[1.2.3.4]",
      "*.1.2.3.4",
      "*.[::1]",
      "fe80::1%eth0",
      `${"a".repeat(64)}.b`,
      "a%2eb",
      "a\0b",
    ]) {
      assert.equal(targetName(given), null, given);
      assert.throws(() => checkHost(given), { code: "INVALID_NAME" });
    }
  });

  it("is taken by the wildcard of one label", () => {
    assert.equal(wildcardOf("a.b.example"), "*.b.example");
    assert.equal(wildcardOf("localhost"), null);
    assert.equal(wildcardOf("192.0.2.1"), null);
  });
});

describe("networks", () => {
  it("reads them in one spelling", () => {
    for (const [given, found] of [
      ["10.0.0.0/8", "10.0.0.0/8"],
      ["10.1.2.3", "10.1.2.3/32"],
      ["::FFFF:10.0.0.0/104", "10.0.0.0/8"],
      ["2001:DB8::/32", "2001:db8::/32"],
      ["10.0.0.0/33", null],
      ["10.0.0/8", null],
      ["10.0.0.0/", null],
      ["a", null],
      ["", null],
      ["1.2.3.4/8/8", null],
    ] as const)
      assert.equal(cidr(given), found, given);
  });

  it("contain mapped addresses as what they are", () => {
    const list = networks(["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "0.0.0.0/32"]);
    for (const inside of ["10.255.0.1", "::ffff:10.0.0.1", "::ffff:a00:1", "192.0.2.7", "2001:db8::5", "0.0.0.0"])
      assert.ok(list.contains(inside), inside);
    for (const outside of ["11.0.0.0", "9.255.255.255", "192.0.2.8", "2001:db9::", "::1", "::ffff:11.0.0.1", "", "x", "1.2.3"])
      assert.ok(!list.contains(outside), outside);
  });

  it("contain what their bits say", () => {
    const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.tuple(address, fc.integer({ min: 0, max: 32 })), { maxLength: 8 }), address, (list, asked) => {
        const value = (parts: readonly number[]): bigint => parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
        const expected = list.some(([net, bits]) => value(net) >> BigInt(32 - bits) === value(asked) >> BigInt(32 - bits));
        assert.equal(networks(list.map(([net, bits]) => `${net.join(".")}/${bits}`)).contains(asked.join(".")), expected);
      }),
    );
  });
});
