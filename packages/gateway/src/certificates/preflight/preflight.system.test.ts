/** Preflight against a real DNS server and real HTTP servers: what a CA would meet at each name is told before an order is spent. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DnsControl } from "../../testing/acme/dns-control.ts";
import { onFreePorts, Program } from "../../testing/acme/program.ts";
import type { AcmeSettings } from "../authority.ts";
import { checkRequest, type RequestFields } from "../check-request.ts";
import { makeCertificate } from "../testing/certificate.ts";
import { Preflight, type Finding, type PreflightOptions } from "./preflight.ts";
import { reach } from "./reach.ts";
import { SystemDns } from "./resolve.ts";

const bed = new AsyncDisposableStack();
const never = new AbortController().signal;
const offered = new Map<string, string>();
const OURS = "127.0.0.1";
let dns: DnsControl;
let httpPort: number;
let tlsPort: number;

before(async () => {
  dns = await startDns();
  httpPort = await listen(createServer(answer), 0, OURS);
  const { certificate: cert, key } = await makeCertificate({ names: ["whoever.example"] });
  tlsPort = await listen(createTlsServer({ cert, key }, answer), 0, OURS);
  const others: Record<string, RequestListener> = {
    "127.0.0.2": (_, response) => response.setHeader("server", "nginx").end("<h1>Welcome   to\n nginx</h1>"),
    "127.0.0.3": (_, response) => response.writeHead(404).end(),
    "127.0.0.4": (request, response) => response.writeHead(301, { location: request.url ?? "/" }).end(),
    "127.0.0.6": (request, response) =>
      response.writeHead(302, { location: `https://${host(request.headers.host)}:${tlsPort}${request.url}` }).end(),
    "127.0.0.7": (_, response) => response.writeHead(302, { location: "ftp://files.tidegate.dev/" }).end(),
    "127.0.0.8": () => {},
    "127.0.0.9": (request, response) => response.writeHead(302, { location: `http://ours.tidegate.dev:${httpPort}${request.url}` }).end(),
    "127.0.0.10": (request, response) =>
      response.writeHead(302, { location: `/${request.url?.length}x${request.url}`.slice(0, 1000) }).end(),
    "::1": (_, response) => response.writeHead(403).end("old server"),
  };
  for (const [address, listener] of Object.entries(others)) await listen(createServer(listener), httpPort, address);
  // Answers under TLS too, where the redirect of the same address leads.
  await listen(createTlsServer({ cert, key }, answer), tlsPort, "127.0.0.6");
});

after(() => bed.disposeAsync());

test("what answers at a name: our token, another server, 404, a circle, nobody, AAAA elsewhere, no address, a broken zone", async () => {
  const names: Record<string, { a?: string[]; aaaa?: string[]; says: RegExp | null; severity?: "warning" }> = {
    ours: { a: [OURS], says: null },
    nginx: {
      a: ["127.0.0.2"],
      says: /nginx\.tidegate\.dev at 127\.0\.0\.2, port \d+: another server answered by "nginx": "<h1>Welcome to nginx<\/h1>"\./,
    },
    missing: { a: ["127.0.0.3"], says: /127\.0\.0\.3, port \d+: answered with 404\./ },
    circle: { a: ["127.0.0.4"], says: /redirects in a circle/ },
    nobody: { a: ["127.0.0.5"], says: /127\.0\.0\.5, port \d+: nobody listens there \(connection refused\)\./ },
    secure: { a: ["127.0.0.6"], says: null },
    elsewhere: { a: ["127.0.0.9"], says: null },
    endless: { a: ["127.0.0.10"], says: /redirects more than 10 times/ },
    scheme: { a: ["127.0.0.7"], says: /redirects to "ftp:\/\/files\.tidegate\.dev\/", where no CA goes/ },
    half: { a: [OURS, "127.0.0.2"], says: /at 127\.0\.0\.2, port \d+: another server/ },
    six: { a: [OURS], aaaa: ["0:0:0:0:0:0:0:1"], says: /six\.tidegate\.dev at ::1, port \d+ \(AAAA\): answered with 403: "old server"\./ },
    nosix: { a: [OURS], aaaa: ["ff05::1"], says: /ff05::1, port \d+ \(AAAA\): /, severity: "warning" },
    nothing: { says: /nothing\.tidegate\.dev has no address in DNS: neither A nor AAAA\./ },
  };
  for (const [name, { a = [], aaaa = [] }] of Object.entries(names)) {
    if (a.length > 0) await dns.a(`${name}.tidegate.dev`, ...a);
    if (aaaa.length > 0) await dns.aaaa(`${name}.tidegate.dev`, ...aaaa);
  }
  await dns.servfail("broken.tidegate.dev");
  const domains = [...Object.keys(names), "broken"].map((name) => `${name}.tidegate.dev`);
  const findings = await check({ domains, challenge: "http-01" });
  for (const [name, { says, severity = "error" }] of Object.entries(names)) {
    const bad = findings.filter(({ domain, ok }) => domain === `${name}.tidegate.dev` && !ok);
    assert.equal(bad.length, says === null ? 0 : 1, `${name}: ${JSON.stringify(bad)}`);
    const [first] = bad;
    if (says === null || first === undefined) continue;
    assert.match(first.message, says);
    assert.equal(first.severity, severity, name);
    assert.equal(first.check, name === "nothing" ? "address" : "port-80");
    assert.ok(first.hint.length > 20);
  }
  assert.match(findings.find(({ domain, ok }) => domain === "six.tidegate.dev" && !ok)?.hint ?? "", /A CA asks IPv6 first/);
  const [broken, ...more] = findings.filter(({ domain }) => domain === "broken.tidegate.dev");
  assert.match(broken?.message ?? "", /addresses of broken\.tidegate\.dev cannot be found out: the name server failed \(SERVFAIL\)/);
  assert.deepEqual([broken?.severity, broken?.ok, more.length], ["warning", false, 0]);
  assert.deepEqual([...new Set(findings.map(({ domain }) => domain))], domains, "in the order of the names");
  assert.equal(offered.size, 0, "the token is off the board again");
});

test("who hangs is given up; whoever asks may give up before", async () => {
  const url = new URL(`http://slow.tidegate.dev:${httpPort}/`);
  const question = { url, address: "127.0.0.8", value: "x", addressesOf: async () => await Promise.resolve([]) };
  assert.deepEqual(await reach({ ...question, limit: 100 }, never), {
    outcome: "silent",
    code: "ETIMEDOUT",
    what: "nobody answered within 0.1 s (a firewall?)",
  });
  const control = new AbortController();
  await dns.a("slow.tidegate.dev", "127.0.0.8");
  const checked = check({ domains: ["slow.tidegate.dev"], challenge: "http-01" }, {}, control.signal);
  control.abort(new Error("enough"));
  await assert.rejects(checked, /enough/);
  assert.equal(offered.size, 0);
});

test("a CA in the internet: private addresses are told and never asked, not even by redirect", async () => {
  await dns.a("private.tidegate.dev", OURS);
  const [finding, ...more] = await check({ domains: ["private.tidegate.dev"] }, { settings: { trusted: null } });
  assert.match(finding?.message ?? "", /private\.tidegate\.dev is 127\.0\.0\.1, where no CA in the internet can come/);
  assert.deepEqual([finding?.severity, more.length], ["error", 0]);
});

test("`auto` needs one of both ports; tls-alpn-01 its own", async () => {
  await dns.a("tlsonly.tidegate.dev", "127.0.0.6");
  await dns.a("neither.tidegate.dev", "127.0.0.3");
  const kinds = async (domain: string, challenge: string, port = tlsPort): Promise<string[]> =>
    (await check({ domains: [domain], challenge }, { tlsPort: port })).map(({ check, ok, severity }) => `${check} ${ok ? "ok" : severity}`);
  assert.deepEqual(await kinds("ours.tidegate.dev", "auto"), ["address ok", "port-80 ok"]);
  assert.deepEqual(await kinds("ours.tidegate.dev", "tls-alpn-01"), ["address ok", "port-443 ok"]);
  assert.deepEqual(await kinds("neither.tidegate.dev", "auto"), ["address ok", "port-80 error", "port-443 error"]);
  // Plain HTTP where TLS is expected: it answers, and not with TLS.
  assert.deepEqual(await kinds("ours.tidegate.dev", "tls-alpn-01", httpPort), ["address ok", "port-443 error"]);
  await dns.a("moved.tidegate.dev", OURS);
  const found = await check({ domains: ["moved.tidegate.dev"] }, { settings: { httpPort: await closedPort() } });
  assert.deepEqual(
    found.map(({ check, ok, severity }) => [check, ok, severity]),
    [
      ["address", true, "warning"],
      ["port-80", false, "warning"],
      ["port-443", true, "warning"],
    ],
  );
});

test("an address that was declared as in front of us may be silent from here", async () => {
  await dns.a("front.tidegate.dev", "127.0.0.5");
  const [, port] = await check(
    { domains: ["front.tidegate.dev"], challenge: "http-01" },
    { settings: { publicAddresses: ["front.tidegate.dev"] } },
  );
  assert.deepEqual([port?.ok, port?.severity], [false, "warning"]);
});

test("where nobody answers at IPv6 a CA goes on to IPv4; where only IPv6 is, it does not", async () => {
  const port = await listen(createServer(answer), 0, OURS);
  await dns.a("both.tidegate.dev", OURS);
  await dns.aaaa("both.tidegate.dev", "::1");
  await dns.aaaa("sixonly.tidegate.dev", "::1");
  const at = async (domain: string): Promise<string> =>
    (await check({ domains: [domain], challenge: "http-01" }, { settings: { httpPort: port } })).map(
      ({ ok, severity }) => `${ok} ${severity}`,
    )[1] ?? "";
  assert.equal(await at("both.tidegate.dev"), "false warning");
  assert.equal(await at("sixonly.tidegate.dev"), "false error");
});

test("CAA that forbids the CA is told with the record that would mend it; a CA nobody knows the name of is not judged", async () => {
  await dns.a("caa.tidegate.dev", OURS);
  await dns.caa("caa.tidegate.dev", { tag: "issue", value: "other.net" });
  const identities = async (): Promise<string[]> => await Promise.resolve(["ca.test"]);
  const caa = async (options: Partial<PreflightOptions>): Promise<Finding | undefined> =>
    (await check({ domains: ["caa.tidegate.dev"], challenge: "http-01" }, options)).find((finding) => finding.check === "caa");
  const forbidden = await caa({ identities });
  assert.equal(forbidden?.message, 'CAA of caa.tidegate.dev forbids ca.test to issue for caa.tidegate.dev: issue "other.net".');
  assert.deepEqual([forbidden?.severity, forbidden?.hint], ["error", 'Add the record: caa.tidegate.dev CAA 0 issue "ca.test"']);
  assert.equal(await caa({ identities: async () => await Promise.reject(new Error("away")) }), undefined);
  await dns.clear("caa.tidegate.dev");
  await dns.a("caa.tidegate.dev", OURS);
  await dns.caa("caa.tidegate.dev", { tag: "issue", value: "ca.test; validationmethods=http-01" });
  assert.equal((await caa({ identities }))?.ok, true);
});

test("dns-01: a hook, and a zone with name servers; addresses do not matter", async () => {
  const hook: Partial<AcmeSettings> = { dns: { kind: "exec", command: "/bin/true" } };
  // The DNS server of the tests has no NS records.
  const zones = (...known: string[]): SystemDns =>
    Object.assign(system53(), {
      nameServers: async (zone: string) => await Promise.resolve({ found: known.includes(zone) ? ["ns1.net"] : [], trouble: null }),
    });
  const [unknown] = await check({ domains: ["*.app.tidegate.dev"] }, { settings: hook });
  assert.match(unknown?.message ?? "", /The name servers of app\.tidegate\.dev cannot be found out: /);
  assert.equal(unknown?.severity, "warning");
  const [none] = await check({ domains: ["*.app.tidegate.dev"] }, { settings: hook, dns: zones("dev") });
  assert.deepEqual([none?.severity, none?.message], ["error", "No zone of *.app.tidegate.dev has name servers."]);
  const [good, ...more] = await check({ domains: ["*.app.tidegate.dev"] }, { settings: hook, dns: zones("tidegate.dev") });
  assert.equal(good?.message, "*.app.tidegate.dev is in the zone tidegate.dev, at ns1.net.");
  assert.deepEqual([good?.ok, more.length], [true, 0]);
});

type Given = Omit<Partial<PreflightOptions>, "settings"> & { settings?: Partial<AcmeSettings> };

async function check(fields: RequestFields, { settings: changed, ...options }: Given = {}, signal = never): Promise<Finding[]> {
  const authority = { directoryUrl: "https://ca.test/dir", stagingUrl: null, eab: null };
  const settings: AcmeSettings = {
    authorities: [authority],
    trusted: "a CA of our own",
    email: null,
    dns: null,
    publicAddresses: [],
    httpPort,
    ...changed,
  };
  const preflight = new Preflight({ board, dns: system53(), tlsPort, ...options, settings });
  return await preflight.check(checkRequest(fields, settings), signal);
}

const board = {
  offer: async (token: string, value: string) => {
    await Promise.resolve(offered.set(token, value));
  },
  withdraw: async (token: string) => {
    await Promise.resolve(offered.delete(token));
  },
};

function answer(...[request, response]: Parameters<RequestListener>): void {
  const value = offered.get(request.url?.replace("/.well-known/acme-challenge/", "") ?? "");
  if (value === undefined) response.writeHead(404).end();
  else response.end(value);
}

function host(sent = ""): string {
  return sent.replace(/:\d+$/, "");
}

function system53(): SystemDns {
  return new SystemDns({ servers: [`127.0.0.1:${dns.port}`], timeout: 300 });
}

async function listen(server: Server, port: number, address: string): Promise<number> {
  server.listen(port, address);
  await once(server, "listening");
  bed.defer(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, OURS);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function startDns(): Promise<DnsControl> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-dns-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  return await onFreePorts(2, async ([port = 0, management = 0]) => {
    const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "", "-defaultIPv6", ""];
    const args = [...off, "-dns01", `127.0.0.1:${port}`, "-management", `127.0.0.1:${management}`];
    const program = bed.use(new Program("pebble-challtestsrv", args, { folder, name: "pebble-challtestsrv" }));
    const control = new DnsControl(port, `http://127.0.0.1:${management}`);
    await program.ready(async () => {
      await control.a("ready.test", OURS);
      return (await control.resolver().resolve4("ready.test")).length === 1;
    });
    return control;
  });
}
