import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, it } from "node:test";
import type { GatewayError } from "../../errors.ts";
import { is, json, LyingCa, type Lie } from "./testing/lying-ca.ts";

describe("what is no CA", { concurrency: false }, () => {
  const bed = new AsyncDisposableStack();
  const never = new AbortController().signal;
  let ca: LyingCa;

  before(async () => void (ca = bed.use(await LyingCa.start())));
  after(() => bed.disposeAsync());

  const wrong: readonly [string, Lie, string, RegExp][] = [
    [
      "HTML",
      (response) => response.setHeader("content-type", "text/html").end("<html>Sign in"),
      "ACME_INVALID_ANSWER",
      /text\/html.*<html>Sign in/,
    ],
    [
      "JSON of another type",
      (response) => response.setHeader("content-type", "text/plain").end("{}"),
      "ACME_INVALID_ANSWER",
      /text\/plain/,
    ],
    ["damaged JSON", (response) => json(response, 200, '{"newNonce":'), "ACME_INVALID_ANSWER", /cut off/],
    ["a list", (response) => json(response, 200, []), "ACME_INVALID_ANSWER", /no JSON object/],
    ["nothing of a directory", (response) => json(response, 200, {}), "ACME_INVALID_ANSWER", /newNonce is no text/],
    [
      "links that are not https",
      (response) => json(response, 200, { newNonce: "http://a.example/" }),
      "ACME_INVALID_ANSWER",
      /newNonce is no https/,
    ],
    [
      "a redirect",
      (response) => response.writeHead(302, { location: "http://127.0.0.1/x" }).end(),
      "ACME_INVALID_ANSWER",
      /302.*127\.0\.0\.1.*not followed/,
    ],
    ["404 of a web server", (response) => response.writeHead(404).end("no"), "ACME_INVALID_ANSWER", /404/],
    ["a body without end", (response) => endless(response), "ACME_INVALID_ANSWER", /more than 1048576 bytes/],
    [
      "a giant announced",
      (response) => response.writeHead(200, { "content-length": 2 ** 30 }).write(Buffer.alloc(1 << 21)),
      "ACME_INVALID_ANSWER",
      /more than/,
    ],
    [
      "headers without end",
      (response) => response.setHeader("x-long", "x".repeat(100_000)).end(),
      "ACME_INVALID_ANSWER",
      /not answer in HTTP/,
    ],
    ["slowness in the body", (response) => json(response, 200, null).write("{"), "ACME_UNREACHABLE", /within 0\.3 s/],
    ["slowness in the headers", () => {}, "ACME_UNREACHABLE", /within 0\.3 s/],
    ["a connection that breaks", (response) => response.socket?.destroy(), "ACME_UNREACHABLE", /cannot be reached/],
    ["a body that breaks off", (response) => breaking(response), "ACME_UNREACHABLE", /cannot be reached/],
  ];
  for (const [what, lie, code, message] of wrong) {
    it(`${what}: ${code}, soon, and the memory stays`, async () => {
      using client = ca.client(what.startsWith("slowness") ? { answerWithin: 300 } : {});
      ca.lies.set("GET /dir", lie);
      const [began, memory] = [performance.now(), process.memoryUsage().arrayBuffers];
      await assert.rejects(client.directory(never), (error) => is(error, code, message));
      assert.ok(performance.now() - began < 5_000);
      assert.ok(process.memoryUsage().arrayBuffers - memory < 32 * 1_048_576);
    });
  }

  it("a CA whose certificate nobody vouches for, one nobody listens at, and one without TLS", async () => {
    using client = ca.client({ trusted: null });
    await assert.rejects(
      client.directory(never),
      (error) => is(error, "ACME_UNREACHABLE", /not trusted/) && (error as GatewayError).hint?.includes("ACME_CA_FILE") === true,
    );
    using nobody = ca.client({ directoryUrl: "https://localhost:1/dir" });
    await assert.rejects(nobody.directory(never), (error) => is(error, "ACME_UNREACHABLE", /ECONNREFUSED/));
    using open = ca.client({ directoryUrl: ca.origin.replace("https", "http") });
    await assert.rejects(open.directory(never), (error) => is(error, "ACME_INVALID_ANSWER", /https:\/\/ only/));
  });
});

function endless(response: ServerResponse): void {
  const block = Buffer.alloc(65_536, " ");
  const more = (): void => {
    while (!response.destroyed && response.write(block));
  };
  response.on("drain", more);
  response.setHeader("content-type", "application/json");
  more();
}

function breaking(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": 100 }).write("{");
  response.socket?.end();
}
