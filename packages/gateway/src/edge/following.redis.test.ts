/** What a worker follows, on a real Redis: one that has lost everything, one brought back from a backup, what cannot be served, and upstreams that fail. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type Store, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { until } from "../../../streams/src/testing/events.ts";
import { GatewayKeys } from "../keys.ts";
import { Proxies } from "../proxy/proxies.ts";
import { EntityStore } from "../store/entity-store.ts";
import { KeyedVault } from "../store/keyed-vault.ts";
import { routeOf, targetOf } from "./http/testing/plan.ts";
import { NO_CERTIFICATES } from "../testing/acme/no-certificates.ts";
import { EdgeTable } from "./table.ts";
import { EdgeWorker } from "./worker.ts";

const keys = new GatewayKeys("edge", "");

describe("a worker", { timeout: 60_000 }, () => {
  const bed = new AsyncDisposableStack();
  const notes: string[] = [];
  let redis: RedisServer;
  let folder: string;
  let tide: Tide;
  let store: Store;
  let entities: EntityStore;
  let proxies: Proxies;
  let edge: EdgeTable;
  let worker: EdgeWorker;
  let upstream: Server;

  before(async () => {
    redis = await startRedis();
    bed.defer(() => redis.stop());
    folder = await mkdtemp(join(tmpdir(), "tidegate-following-"));
    bed.defer(() => rm(folder, { recursive: true, force: true }));
    tide = bed.use(await connect({ url: redis.url, namespace: "edge", service: "control" }));
    store = tide.store("test");
    const vault = new KeyedVault({ keys, encryptionKey: null, dataFolder: folder });
    entities = new EntityStore({ tide: () => tide, keys, vault });
    await entities.start();
    bed.defer(() => entities.stop());
    edge = new EdgeTable({ tide: () => tide, keys });
    proxies = new Proxies({ entities, vault, edge, certificates: NO_CERTIFICATES });
    upstream = await serve(() => 200);
    worker = await begin();
    bed.defer(() => worker.stop());
  });
  after(() => bed.disposeAsync());

  it("serves on when Redis has lost everything, from a cold start too, until there is a target again; and follows a backup", async () => {
    await create("first.example");
    const fields = (await store.ask(["HGETALL", keys.entities("target")])) as string[];
    const changes = (await store.ask(["XRANGE", keys.entityChanges(), "-", "+"])) as [id: string, fields: string[]][];
    await create("second.example");
    await until("it is on the disk", async () => (await snapshot()).includes("second.example"));

    await store.ask(["FLUSHALL"]);
    await until("the loss is seen", isLost);
    await entities.table("token").create("stray", { hash: "0" }, "ann");
    assert.deepEqual([await get("first.example"), await get("second.example")], [200, 200]);
    assert.equal(notes.filter((note) => note.includes("Redis has lost the targets")).length, 1);
    await worker.stop();
    worker = await begin();
    await until("the loss is seen by the next one", isLost);
    assert.deepEqual([await get("first.example"), await get("second.example")], [200, 200]);

    await create("third.example");
    assert.deepEqual([await get("third.example"), await get("first.example")], [200, 404]);
    await until("nothing is lost any more", async () => !(await isLost()));
    await until("the new one is on the disk", async () => /third/.test(await snapshot()) && !/first/.test(await snapshot()));

    // Its changes end earlier than what is known: no entry that follows would ever come.
    await store.ask(["FLUSHALL"]);
    await store.ask(["HSET", keys.entities("target"), ...fields]);
    await store.ask(["ZADD", keys.entityIndex("target"), "0", fields[0] ?? ""]);
    for (const [id, change] of changes) await store.ask(["XADD", keys.entityChanges(), id, ...change]);
    await until("the backup is served", async () => (await get("first.example")) === 200);
    assert.equal(await get("third.example"), 404);
    await until("the backup is on the disk", async () => /first/.test(await snapshot()) && !/third/.test(await snapshot()));
  });

  it("leaves out what cannot be served, says so once, and serves and follows everything else", async () => {
    const { limits: _, ...bad } = targetOf(to(upstream));
    await entities.change(
      [
        { kind: "target", name: "bad.example", expect: 0, data: bad },
        { kind: "route", name: "broken", expect: 0, data: routeOf({ path_pattern: "^/(", is_regex: true }) },
        {
          kind: "route",
          name: "elsewhere",
          expect: 0,
          data: routeOf({ path_pattern: "/away", target_type: "redirect", target_value: "/there" }),
        },
        { kind: "token", name: "hollow", expect: 0, data: { hollow: true } },
        { kind: "service", name: "old", expect: 0, data: {} },
        { kind: "certificate", name: "empty", expect: 0, data: {} },
      ],
      "ann",
    );
    await store.ask(["HSET", keys.entities("target"), "unreadable.example", '{"version":']);
    await store.ask(["ZADD", keys.entityIndex("target"), "0", "unreadable.example"]);
    await create("good.example");
    assert.deepEqual([await get("good.example"), await get("good.example", "/away"), await get("bad.example")], [200, 308, 404]);
    await worker.stop();
    worker = await begin();
    await create("later.example");
    assert.deepEqual([await get("later.example"), await get("good.example", "/away")], [200, 308]);

    const [report] = await edge.workers();
    const left = report?.http.unusable.map(({ kind, name }) => `${kind} ${name}`).toSorted();
    const expected = [
      "certificate empty",
      "route broken",
      "service old",
      "target bad.example",
      "target unreadable.example",
      "token hollow",
    ];
    assert.deepEqual(left, expected);
    const [standing] = await proxies.standings([await proxies.targets.get("bad.example")]);
    assert.deepEqual([standing?.problem, standing?.urls], ["the field limits is missing", []]);
    const told = notes.filter((note) => note.startsWith("error the route broken is left out: Invalid regular expression"));
    assert.equal(told.length, 2, "once by each of the two workers");

    await store.ask(["HDEL", keys.entities("target"), "unreadable.example"]);
    await store.ask(["ZREM", keys.entityIndex("target"), "unreadable.example"]);
    const { target, status } = await proxies.explain({ url: "http://good.example/away", method: "GET", client: "127.0.0.1" });
    assert.deepEqual([target, status], ["good.example", 308], "the explanation leaves out the same");
    const before = await entities.table<object>("target").get("bad.example");
    assert.ok(before);
    await entities.table<object>("target").put(before, targetOf(to(upstream)), "ann");
    await until("it is served once it is whole", async () => (await get("bad.example")) === 200);
  });

  it("names an upstream that fails with its hosts, until it is well again", async () => {
    const answers = { status: 500 };
    const [good, bad] = [await serve(() => 200), await serve(() => answers.status)];
    const health = { path: "/", interval: 0.05, timeout: 1, passes: 1, fails: 1, status: null };
    const urls = [good, bad].map((server) => to(server).upstream.urls[0] ?? "");
    const data = targetOf({ upstream: { kind: "url", urls }, health });
    await entities.table("target").create("pair.example", data, "ann");
    await until("it is served", () => edge.served());
    await get("pair.example");
    const target = await proxies.targets.get("pair.example");
    const failing = async () => (await proxies.standings([target]))[0]?.failing ?? [];
    await until("the view names it", async () => (await failing()).length === 1);
    const [first, second] = urls.map((url) => new URL(url).host);
    assert.deepEqual(await failing(), [{ upstream: first, endpoint: second, asked: false, why: "GET /: status 500" }]);
    for (let nth = 0; nth < 5; nth += 1) assert.equal(await get("pair.example"), 200);
    answers.status = 200;
    await until("it is well again", async () => (await failing()).length === 0);

    upstream.close();
    upstream.closeAllConnections();
    for (let nth = 0; nth < 3; nth += 1) assert.equal(await get("later.example"), 502);
    const alone = await proxies.targets.get("later.example");
    await until("the only one is named too", async () => {
      const [one] = (await proxies.standings([alone]))[0]?.failing ?? [];
      return one?.asked === true && /ECONNREFUSED/.test(one.why);
    });
  });

  // Private

  async function create(host: string): Promise<void> {
    const { served } = await proxies.targets.create(host, { target_url: to(upstream).upstream.urls[0], enable_https: false }, "ann");
    assert.ok(served, `${host} is served`);
  }

  async function begin(): Promise<EdgeWorker> {
    const started = new EdgeWorker({
      connection: { url: redis.url, namespace: "edge", service: "edge", connectTimeout: 2_000 },
      namespace: "edge",
      prefix: "",
      id: "one",
      dataFolder: folder,
      http: {
        ports: { host: "127.0.0.1", http: 0, https: null },
        trusted: [],
        tokens: (stored) => {
          for (const { data } of stored) if ("hollow" in data) throw new Error("it has no hash");
          return () => null;
        },
      },
      onNote: (level, message) => notes.push(`${level} ${message}`),
    });
    await started.start();
    await until("it reports", async () => (await edge.workers()).length === 1);
    return started;
  }

  async function serve(status: () => number): Promise<Server> {
    const server = createServer((_, answer) => answer.writeHead(status()).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    bed.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return server;
  }

  async function isLost(): Promise<boolean> {
    return (await edge.workers())[0]?.http.lost === true;
  }

  async function snapshot(): Promise<string> {
    return await readFile(join(folder, "edge-snapshot.json"), "utf8").catch(() => "");
  }

  async function get(host: string, path = "/"): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const options = { host: "127.0.0.1", port: worker.port("http") ?? 0, path, agent: false as const, headers: { host } };
    request(options, (answer) => resolve(answer.resume().statusCode ?? 0))
      .on("error", reject)
      .end();
    return await promise;
  }
});

// Private

function to(server: Server): { readonly upstream: { readonly kind: "url"; readonly urls: readonly string[] } } {
  return { upstream: { kind: "url", urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] } };
}
