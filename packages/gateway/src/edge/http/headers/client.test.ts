import assert from "node:assert/strict";
import { test } from "node:test";
import { NOBODY, peerOf, requestOf } from "../testing/plan.ts";
import { plainAddress, trueClient, type Cidrs } from "./client.ts";

const PROXIES: Cidrs = { contains: (address) => address.startsWith("10.") || address === "fd00::1" };

function seen(peer: string, lines: string[], trusted = PROXIES): string {
  const { address, secure, host, chain } = trueClient(requestOf("GET /", ["Host: a.test", ...lines], peerOf(peer)), trusted);
  return [address, secure ? "https" : "http", host, chain].join(" | ");
}

test("a stranger is believed nothing", () => {
  const lies = ["X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: bank.test"];
  const own = "203.0.113.9 | http | a.test | 203.0.113.9";
  assert.equal(seen("203.0.113.9", lies), own);
  assert.equal(seen("10.0.0.1", lies, NOBODY), "10.0.0.1 | http | a.test | 10.0.0.1");
  assert.equal(seen("::ffff:203.0.113.9", lies), own);
});

test("the chain is read from its end up to the first that is not trusted, or is no address", () => {
  const table: readonly (readonly [said: string[], address: string, chain: string])[] = [
    [[], "10.0.0.1", "10.0.0.1"],
    [["1.1.1.1"], "1.1.1.1", "1.1.1.1, 10.0.0.1"],
    [["6.6.6.6, 1.1.1.1"], "1.1.1.1", "1.1.1.1, 10.0.0.1"],
    [["6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1", "1.1.1.1, 10.0.0.2, 10.0.0.1"],
    [["6.6.6.6", "1.1.1.1", "10.0.0.2"], "1.1.1.1", "1.1.1.1, 10.0.0.2, 10.0.0.1"],
    [["10.0.0.3, 10.0.0.2"], "10.0.0.3", "10.0.0.3, 10.0.0.2, 10.0.0.1"],
    [["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2", "10.0.0.2, 10.0.0.1"],
    [["1.1.1.1,, 10.0.0.2"], "10.0.0.2", "10.0.0.2, 10.0.0.1"],
    [["1.1.1.1; DROP, 10.0.0.2"], "10.0.0.2", "10.0.0.2, 10.0.0.1"],
    [["fe80::1%eth0"], "10.0.0.1", "10.0.0.1"],
    [["256.1.1.1"], "10.0.0.1", "10.0.0.1"],
    [["1.1.1.1:4711"], "1.1.1.1", "1.1.1.1, 10.0.0.1"],
    [["[2001:DB8::1]:443, ::ffff:10.0.0.2"], "2001:db8::1", "2001:db8::1, 10.0.0.2, 10.0.0.1"],
    [["::ffff:a00:2, fd00::1"], "10.0.0.2", "10.0.0.2, fd00::1, 10.0.0.1"],
  ];
  for (const [said, address, chain] of table) {
    const lines = said.map((value) => `X-Forwarded-For: ${value}`);
    assert.equal(seen("10.0.0.1", lines), `${address} | http | a.test | ${chain}`, said.join(" + "));
  }
});

test("a chain without end is cut", () => {
  const { chain } = trueClient(requestOf("GET /", [`X-Forwarded-For: ${"10.0.0.2,".repeat(5_000)}10.0.0.2`], peerOf("10.0.0.1")), PROXIES);
  assert.ok(chain.split(",").length <= 33);
});

test("a trusted proxy says how and what it was asked, in words that can be understood", () => {
  assert.match(seen("10.0.0.1", ["X-Forwarded-Proto: HTTPS", "X-Forwarded-Host: shop.test:8443"]), /https \| shop\.test:8443/);
  assert.match(seen("10.0.0.1", ["X-Forwarded-Proto: gopher", "X-Forwarded-Host: a@b"]), /http \| a\.test/);
  assert.match(seen("10.0.0.1", ["X-Forwarded-Host: a.test/path"]), /http \| a\.test \|/);
});

test("addresses have one spelling", () => {
  assert.equal(plainAddress("::FFFF:1.2.3.4"), "1.2.3.4");
  assert.equal(plainAddress("::ffff:102:304"), "1.2.3.4");
  assert.equal(plainAddress("FE80::1%en0"), "fe80::1");
  assert.equal(plainAddress("1.2.3.4"), "1.2.3.4");
});
