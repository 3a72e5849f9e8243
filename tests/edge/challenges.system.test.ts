/** The three challenges, each validated by a real CA (Pebble): over HTTP and TLS by an edge worker that was told nothing, and by a DNS server a hook writes to. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { EdgeWorker } from "@tidegate/gateway/edge";
import { startPebble, type Pebble } from "@tidegate/gateway/testing";
import { AcmeClient } from "../../packages/gateway/src/certificates/acme/client.ts";
import { newCsr, newKey } from "../../packages/gateway/src/certificates/acme/csr.ts";
import { AcmeProblem } from "../../packages/gateway/src/certificates/acme/problem.ts";
import { Board } from "../../packages/gateway/src/certificates/challenges/board.ts";
import type { Solver } from "../../packages/gateway/src/certificates/challenges/solver.ts";
import { solversOf } from "../../packages/gateway/src/certificates/challenges/solvers.ts";
import { SYSTEM_CLOCK, type Clock } from "../../packages/gateway/src/certificates/clock.ts";
import { GatewayKeys } from "../../packages/gateway/src/keys.ts";
import { until } from "../../packages/streams/src/testing/events.ts";

const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("edge", "");
const signal = AbortSignal.timeout(50_000);
/** The CA decides in milliseconds. */
const HASTY: Clock = { now: () => SYSTEM_CLOCK.now(), sleep: (milliseconds, given) => SYSTEM_CLOCK.sleep(milliseconds / 20, given) };
const records: string[] = [];
let pebble: Pebble;
let client: AcmeClient;
let solvers: readonly Solver[];

before(async () => {
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), "tidegate-validated-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  const worker = new EdgeWorker({
    connection: { url: redis.url, namespace: "edge", service: "edge" },
    namespace: "edge",
    prefix: "",
    id: "one",
    dataFolder: folder,
    http: { ports: { host: "127.0.0.1", http: 0, https: 0 }, trusted: [], tokens: () => () => null },
  });
  await worker.start();
  bed.defer(() => worker.stop());
  pebble = bed.use(await startPebble({ httpPort: worker.port("http") ?? 0, tlsPort: worker.port("https") ?? 0 }));
  const tide = bed.use(await connect({ url: redis.url, namespace: "edge", service: "control" }));
  const store = tide.store("challenges");
  bed.defer(() => store.close());
  const board = new Board(() => store, keys);
  await until("the worker is connected", () => answered(board, worker.port("http") ?? 0));
  const at = [`127.0.0.1:${pebble.dns.port}`];
  const dns = { kind: "webhook", url: await hook(), token: null } as const;
  const onTrouble = (message: string): void => assert.fail(message);
  solvers = solversOf({ settings: { dns }, board, clock: HASTY, onTrouble, propagation: { resolvers: at, nameServers: at } });
  const { directoryUrl, trusted } = pebble;
  const accountKey = await newKey("ec-p256");
  client = bed.use(new AcmeClient({ directoryUrl, trusted, accountKey, accountUrl: null, eab: null, clock: HASTY }));
  await client.register(null, signal);
});

after(() => bed.disposeAsync());

for (const type of ["http-01", "tls-alpn-01", "dns-01"] as const)
  test(`${type} is validated, for several names at once`, async () => {
    const name = type.split("-")[0];
    const domains = type === "dns-01" ? [`${name}.example`, `*.${name}.example`] : [`${name}.example`, `two.${name}.example`];
    const key = await newKey("ec-p256");
    const order = await client.newOrder({ domains }, signal);
    await Promise.all(order.authorizations.map((url) => prove(type, url)));
    const ready = await client.settled("order", order.url, { until: ["ready"], deadline: soon() }, signal);
    await client.finalize(ready, await newCsr(key, domains), signal);
    const { certificate } = await client.settled("order", order.url, { until: ["valid"], deadline: soon() }, signal);
    const leaf = new X509Certificate(await client.download(certificate ?? "", null, signal));
    assert.deepEqual(new Set(leaf.subjectAltName?.split(", ")), new Set(domains.map((domain) => `DNS:${domain}`)));
    assert.ok(leaf.checkPrivateKey(key));
  });

test("what nobody presented, the CA refuses", async () => {
  const { authorizations } = await client.newOrder({ domains: ["nobody.example"] }, signal);
  const { challenges, url } = await client.authorization(authorizations[0] ?? "", signal);
  await client.answer(challenges.find(({ type }) => type === "tls-alpn-01")?.url ?? "", signal);
  await assert.rejects(
    client.settled("authorization", url, { until: ["valid"], deadline: soon() }, signal),
    (error) => error instanceof AcmeProblem && error.is("unauthorized") && error.detail.includes("tls-alpn-01"),
  );
  assert.deepEqual(records.toSorted(), ["clean _acme-challenge.dns.example", "clean _acme-challenge.dns.example", ...PRESENTED]);
});

// Private

const PRESENTED = ["present _acme-challenge.dns.example", "present _acme-challenge.dns.example"];

async function prove(type: Solver["type"], url: string): Promise<void> {
  const { domain, challenges } = await client.authorization(url, signal);
  const challenge = challenges.find((one) => one.type === type);
  const solver = solvers.find((one) => one.type === type);
  assert.ok(challenge !== undefined && solver !== undefined);
  const proof = { domain, token: challenge.token, keyAuthorization: client.keyAuthorization(challenge.token) };
  try {
    await solver.present(proof, signal);
    await client.answer(challenge.url, signal);
    await client.settled("authorization", url, { until: ["valid"], deadline: soon() }, signal);
  } finally {
    await solver.clean(proof);
  }
}

function soon(): number {
  return Date.now() + 30_000;
}

/** Writes to the DNS of the CA, which forgets all values of a name at once. */
async function hook(): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const { action, fqdn, value } = JSON.parse(Buffer.concat(chunks).toString()) as { action: string; fqdn: string; value: string };
      records.push(`${action} ${fqdn}`);
      if (action === "present") await pebble.dns.txt(fqdn, value);
      response.writeHead(204).end();
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  bed.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function answered(board: Board, port: number): Promise<boolean> {
  const token = "a-token-to-see-whether-it-answers";
  await board.offer(token, "yes", 10_000);
  const answer = await fetch(`http://127.0.0.1:${port}/.well-known/acme-challenge/${token}`);
  return (await answer.text()) === "yes";
}
