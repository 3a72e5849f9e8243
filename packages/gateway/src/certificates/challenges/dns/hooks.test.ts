/** The hooks that leave the record to somebody else: a real program, a real server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "../../../../../streams/src/testing/events.ts";
import { GatewayError } from "../../../errors.ts";
import { ExecWriter } from "./exec.ts";
import { WebhookWriter } from "./webhook.ts";

const RECORD = { name: "_acme-challenge.app.example", value: "the-value" };
const NEVER = new AbortController().signal;

describe("ExecWriter", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tidegate-exec-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function script(name: string, body: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  }

  it("calls the program with action, name and value, and with nothing of our environment but PATH and HOME", async () => {
    const out = join(folder, "out");
    const writer = new ExecWriter(await script("good", `{ echo "$@"; env; } > ${out}`));
    process.env["ACME_EAB_HMAC_KEY"] = "a-secret-of-ours";
    try {
      await writer.clean({ ...RECORD, value: "$(touch no); 'x'" }, NEVER);
    } finally {
      delete process.env["ACME_EAB_HMAC_KEY"];
    }
    const [line, ...env] = (await readFile(out, "utf8")).trim().split("\n");
    assert.equal(line, "clean _acme-challenge.app.example $(touch no); 'x'");
    const names = env.map((one) => one.split("=")[0]).filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name ?? ""));
    assert.deepEqual(new Set(names), new Set(["ACME_ACTION", "ACME_NAME", "ACME_VALUE", "HOME", "PATH"]));
  });

  it("says with what it ended and what it said last; a program that is missing, too slow or given up", async () => {
    const bad = new ExecWriter(await script("bad", `for n in $(seq 30); do echo "line $n" >&2; done; exit 3`));
    const failed = await bad.present(RECORD, NEVER).catch((error: unknown) => error);
    assert.ok(failed instanceof GatewayError && failed.code === "CHALLENGE_FAILED", String(failed));
    assert.match(failed.message, /present _acme-challenge.app.example ended with exit code 3\. It said: line 30$/);
    assert.deepEqual([failed.logTail.length, failed.logTail.at(0)], [10, "line 21"]);
    await assert.rejects(new ExecWriter(join(folder, "none")).present(RECORD, NEVER), /ENOENT/);
    const late = new ExecWriter(await script("late", "sleep 60"), 300);
    await assert.rejects(late.present(RECORD, NEVER), /did not end within 0.3 s/);
    const pid = join(folder, "child");
    const slow = new ExecWriter(await script("slow", `sleep 60 & echo $! > ${pid}; wait`));
    const left = new AbortController();
    const given = slow.present(RECORD, left.signal);
    const child = async (): Promise<number> => Number(await readFile(pid, "utf8").catch(() => "0"));
    await until("it has a child", async () => (await child()) > 0);
    left.abort(new Error("enough"));
    await assert.rejects(given, /enough/);
    await until("what it started is gone", async () => await isGone(await child()));
  });
});

describe("WebhookWriter", () => {
  const asked: { readonly request: IncomingMessage; readonly body: string }[] = [];
  let answer = (): { status: number; body?: string; headers?: Record<string, string> } => ({ status: 204 });
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      asked.push({ request, body });
      const { status, body: said, headers } = answer();
      if (status !== 0) response.writeHead(status, headers).end(said);
    });
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/records?key=a-key`;

  it("posts action, name and value as JSON with its token", async () => {
    await new WebhookWriter(url(), "a-token").present(RECORD, NEVER);
    await new WebhookWriter(url(), null).clean(RECORD, NEVER);
    const told = asked.splice(0).map(({ request, body }) => [request.method, request.headers.authorization, JSON.parse(body) as unknown]);
    const { name: fqdn, value } = RECORD;
    assert.deepEqual(told, [
      ["POST", "Bearer a-token", { action: "present", fqdn, value }],
      ["POST", undefined, { action: "clean", fqdn, value }],
    ]);
  });

  it("says what was answered, never the token or the address's key; follows no redirect; waits for so long", async () => {
    const said = async (limit?: number): Promise<string> =>
      String(await new WebhookWriter(url(), "a-token", limit).present(RECORD, NEVER).catch((error: unknown) => error));
    answer = () => ({ status: 500, body: "no\nzone for Bearer a-token" });
    assert.match(await said(), /127\.0\.0\.1:\d+ answered present of _acme-challenge.app.example with 500: no zone for Bearer …\.$/);
    answer = () => ({ status: 302, headers: { location: "https://elsewhere.example/" } });
    assert.match(await said(), /with 302\.$/);
    answer = () => ({ status: 0 });
    assert.match(await said(300), /did not answer within 0.3 s/);
    await assert.rejects(new WebhookWriter("http://127.0.0.1:1/?key=a-key", "a-token").present(RECORD, NEVER), (error: Error) => {
      return /cannot be asked/.test(error.message) && !/a-key|a-token/.test(error.message);
    });
  });

  it("is asked by HTTPS, or on this machine", () => {
    for (const bad of ["http://dns.example/", "ftp://127.0.0.1/", "dns.example"])
      assert.throws(() => new WebhookWriter(bad, null), { code: "CHALLENGE_FAILED" });
    for (const good of ["https://dns.example/", "http://[::1]:8080/", "http://localhost/x"]) assert.ok(new WebhookWriter(good, null));
  });
});

// Private

/** Also where nobody has waited for it yet. */
async function isGone(pid: number): Promise<boolean> {
  return / Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => " Z "));
}
