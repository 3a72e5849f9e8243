import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { checkedAddress, ForbiddenTarget, isForbidden, type Address } from "./address-guard.ts";
import { post } from "./post.ts";

const OURS = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.1.2.3",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fec0::1",
  "ff02::1",
  "2001::1",
  "2002:7f00:1::",
  "2001:db8::1",
  "nonsense",
];
const OTHERS = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "192.167.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1"];

describe("the address guard", () => {
  it("refuses every address of this machine and of private networks, and no other", () => {
    for (const address of OURS) assert.equal(isForbidden(address), true, address);
    for (const address of OTHERS) assert.equal(isForbidden(address), false, address);
  });

  it("sees through every spelling of a URL's host", async () => {
    for (const host of ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "localhost", "127.0.0.1."])
      await assert.rejects(checkedAddress(new URL(`http://${host}/`).hostname, false), ForbiddenTarget, host);
  });

  it("a name with one forbidden address among good ones is refused", async () => {
    const both: Address[] = [
      { address: "8.8.8.8", family: 4 },
      { address: "10.0.0.1", family: 4 },
    ];
    await assert.rejects(
      checkedAddress("two.example", false, () => Promise.resolve(both)),
      /two\.example is 10\.0\.0\.1/,
    );
    assert.deepEqual(await checkedAddress("two.example", true, () => Promise.resolve(both)), both[0]);
  });
});

describe("a post", () => {
  it("connects to the address that was checked, whatever the name says later, and asks for it once", async () => {
    await using server = await receiver((_path, respond) => respond(200, "fine"));
    let asked = 0;
    const resolve = (): Promise<Address[]> => Promise.resolve([{ address: asked++ === 0 ? "127.0.0.1" : "10.255.255.1", family: 4 }]);
    const answer = await post({ url: `http://rebind.example:${server.port}/x`, allowPrivate: true, headers: {}, body: "{}", resolve });
    assert.deepEqual([answer.status, answer.text, asked], [200, "fine", 1]);
  });

  it("follows no redirect, to nowhere", async () => {
    const seen: string[] = [];
    await using server = await receiver((path, respond) => {
      seen.push(path);
      respond(302, "", { location: "http://169.254.169.254/latest/meta-data" });
    });
    const answer = await post({ url: server.url, allowPrivate: true, headers: {}, body: "{}" });
    assert.deepEqual([answer.status, seen], [302, ["/"]]);
  });

  it("ends in time when nothing or something endless comes", async () => {
    await using silent = await receiver(() => {});
    await assert.rejects(post({ url: silent.url, allowPrivate: true, headers: {}, body: "{}", limit: 100 }), /no answer in time/);
    await using endless = await receiver((_path, respond) => respond(200, "x".repeat(10_000_000)));
    const { text } = await post({ url: endless.url, allowPrivate: true, headers: {}, body: "{}" });
    assert.equal(text.length, 65_536);
  });

  it("speaks http and https only", async () => {
    for (const url of ["file:///etc/passwd", "unix:/run/x.sock", "gopher://1.1.1.1/", "ftp://1.1.1.1/"])
      await assert.rejects(post({ url, allowPrivate: true, headers: {}, body: "" }), ForbiddenTarget, url);
  });
});

type Respond = (status: number, text: string, headers?: Record<string, string>) => void;

async function receiver(act: (path: string, respond: Respond) => void): Promise<{ url: string; port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    act(request.url ?? "", (status, text, headers = {}) => response.writeHead(status, headers).end(text));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/`, port, [Symbol.asyncDispose]: close };
}
