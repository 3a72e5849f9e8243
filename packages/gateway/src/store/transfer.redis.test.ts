import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { GatewayError } from "../errors.ts";
import { GatewayKeys } from "../keys.ts";
import type { PortClaim } from "../ports/ports.ts";
import type { ServiceSpec } from "../services/spec.ts";
import type { EntityKind } from "./entity.ts";
import type { ExportFile } from "./export-file.ts";
import { EntityStore } from "./entity-store.ts";
import { KeyedVault } from "./keyed-vault.ts";
import { Revisions } from "./revisions.ts";
import type { ServiceHooks } from "./service-hooks.ts";
import { Transfer } from "./transfer.ts";

const bed = new AsyncDisposableStack();
const keys = new GatewayKeys("transfertest", "");
const vault = new KeyedVault({ keys, encryptionKey: "a sentence nobody guesses, 4711", dataFolder: "/nowhere" });
const ALL = { dryRun: false, replace: false };
let tide: Tide;
let store: EntityStore;
let transfer: Transfer;
let revisions: Revisions;

before(async () => {
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  tide = bed.use(await connect({ url: redis.url }));
  store = new EntityStore({ tide: () => tide, keys, vault });
  await store.start();
  const services = bareServices(store);
  transfer = new Transfer({ entities: store, vault, services, namespace: "transfertest" });
  revisions = new Revisions(store, services);
});

after(() => bed.disposeAsync());

test("what is exported, lost and imported is the same again, but for times", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anything, { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 40 }), async (entities) => {
      await flush();
      for (const { kind, name, data } of entities) await store.table(kind).create(name, data, "ann");
      const file = await overTheWire(transfer);
      await flush();
      const answer = await transfer.import(file, "ben", ALL);
      assert.deepEqual(answer.problems, []);
      assert.deepEqual(timeless(await overTheWire(transfer)), timeless(file));
      const again = await transfer.import(file, "ben", ALL);
      assert.deepEqual(
        Object.values(again.kinds).flatMap(({ created, changed, removed }) => [...created, ...changed, ...removed]),
        [],
      );
    }),
    { numRuns: 25 },
  );
});

test("an import says first what it would do, leaves what the file does not have, and removes it only when told so", async () => {
  await flush();
  const table = store.table<{ url: string; owner: string }>("external_service");
  for (const name of ["same", "other", "extra"]) await table.create(name, { url: "http://127.0.0.1:1", owner: "ann" }, "ann");
  const file = await overTheWire(transfer);
  const mine = file.entities.external_service as Record<string, { data: object }>;
  mine["other"] = { data: { url: "http://127.0.0.1:2", owner: "ann" } };
  mine["fresh"] = { data: { url: "http://127.0.0.1:3", owner: "ann" } };
  delete mine["extra"];
  const planned = { created: ["fresh"], changed: ["other"], same: ["same"], removed: ["extra"] };
  const dry = await transfer.import(file, "ben", { dryRun: true, replace: true });
  assert.deepEqual(dry, { dry_run: true, kinds: { external_service: planned }, problems: [], warnings: [] });
  assert.equal((await table.list()).length, 3);
  await transfer.import(file, "ben", ALL);
  assert.deepEqual(
    (await table.list()).map(({ name }) => name),
    ["extra", "fresh", "other", "same"],
  );
  assert.equal((await table.revisions("other"))[0]?.change, "imported");
  await transfer.import(file, "ben", { dryRun: false, replace: true });
  assert.deepEqual(
    (await table.list()).map(({ name }) => name),
    ["fresh", "other", "same"],
  );
});

test("a file that is none, is damaged, or has secrets of another key is refused before anything is written", async () => {
  await flush();
  const sealed = (of: KeyedVault): object => spec({ PASSWORD: of.seal("secret", "service/web/environment/PASSWORD") });
  const other = new KeyedVault({ keys, encryptionKey: "another sentence nobody guesses", dataFolder: "/nowhere" });
  const good = { route: { "example.com/": { data: {} } } };
  const refused: [unknown, string][] = [
    [null, "INVALID_IMPORT"],
    [{ tidegate: "export", version: 2, entities: {} }, "INVALID_IMPORT"],
    [fileOf({ ...good, cookie: {} }), "INVALID_IMPORT"],
    [fileOf({ ...good, token: { bob: { data: { hash: "x", scopes: [] } } } }), "INVALID_IMPORT"],
    [fileOf({ ...good, token: { admin: { data: { hash: "a".repeat(64), scopes: ["*"] } } } }), "INVALID_IMPORT"],
    [fileOf({ ...good, port: { "tcp/80": { data: { claims: [claim(81, "ann")] } } } }), "INVALID_IMPORT"],
    [fileOf({ ...good, service: { web: { data: { owner: "ann" } } } }), "INVALID_IMPORT"],
    [fileOf({ ...good, target: { 'a"b': { data: {} } } }), "INVALID_NAME"],
    [fileOf({ ...good, service: { web: { data: { owner: "ann", spec: sealed(other) } } } }), "ENCRYPTION_KEY_WRONG"],
  ];
  for (const [file, code] of refused) await assert.rejects(transfer.import(file, "ben", ALL), { code });
  assert.deepEqual((await store.changes({ limit: 1 })).items, []);
  const { problems } = await transfer.import(
    fileOf({ ...good, service: { web: { data: { owner: "ann", spec: sealed(vault) } } } }),
    "ben",
    ALL,
  );
  assert.deepEqual([problems, (await store.table("service").get("web"))?.version], [[], 1]);
});

test("a service that cannot be begun keeps none of the others from it, and is named", async () => {
  await flush();
  const hooks: ServiceHooks = {
    restore: (name) =>
      name === "bad" ? Promise.reject(new GatewayError("DOCKER_MISSING", "There is no Docker Engine here.")) : Promise.resolve(),
    delete: () => Promise.resolve(),
  };
  const without = new Transfer({ entities: store, vault, services: hooks, namespace: "x" });
  const entity = { data: { owner: "ann", desired: "running", spec: spec({}) } };
  const answer = await without.import(fileOf({ service: { bad: entity, good: entity }, route: { r: { data: {} } } }), "ben", ALL);
  assert.deepEqual(answer.problems, [{ name: "bad", code: "DOCKER_MISSING", message: "There is no Docker Engine here." }]);
  assert.equal((await store.table("route").list()).length, 1);
});

test("any revision comes back as a new version, what was deleted too; services through their manager; ports and tokens not", async () => {
  await flush();
  const table = store.table<{ n: number }>("target");
  let target = await table.create("example.com", { n: 1 }, "ann");
  target = await table.put(target, { n: 2 }, "ann");
  assert.deepEqual(await revisions.rollback("target", "example.com", 1, "ben"), { version: 3 });
  assert.deepEqual((await table.get("example.com"))?.data, { n: 1 });
  await table.remove((await table.get("example.com")) ?? target, "ann");
  await assert.rejects(revisions.rollback("target", "example.com", 4, "ben"), { code: "UNKNOWN_REVISION", message: /deletion/ });
  await revisions.rollback("target", "example.com", 2, "ben");
  const past = await revisions.of("target", "example.com");
  assert.deepEqual([past[0]?.version, past[0]?.change, past[0]?.by, past[0]?.data], [5, "rolled_back", "ben", { n: 2 }]);
  const web = await store.table("service").create("web", { spec: spec({}), owner: "ann", desired: "running" }, "ann");
  await store.table("service").put(web, { spec: { ...spec({}), memory_limit: 1 }, owner: "ann", desired: "running" }, "ann");
  assert.deepEqual(await revisions.rollback("service", "web", 1, "ben"), { version: 3 });
  assert.deepEqual((await store.table<{ spec: ServiceSpec }>("service").get("web"))?.data.spec, spec({}));
  for (const kind of ["token", "port"]) await assert.rejects(revisions.rollback(kind, "x", 1, "ben"), { code: "ROLLBACK_REFUSED" });
  await assert.rejects(revisions.rollback("cookie", "x", 1, "ben"), { code: "INVALID_NAME" });
  await assert.rejects(revisions.of("target", "nobody"), { code: "UNKNOWN_ENTITY" });
  const { items } = await revisions.all({ limit: 2, kind: "target" });
  assert.deepEqual(
    items.map(({ kind, version }) => [kind, version]),
    [
      ["target", 5],
      ["target", 4],
    ],
  );
});

// Private

const json = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
const anything: fc.Arbitrary<{ kind: EntityKind; name: string; data: object }> = fc
  .tuple(fc.constantFrom<EntityKind>("token", "service", "external_service", "port", "certificate", "target", "route"), fc.nat(30), json)
  .map(([kind, n, extra]) => ({ kind, name: kind === "port" ? `tcp/${n}` : `${kind}-${n}`, data: dataOf(kind, n, extra) }));

function dataOf(kind: EntityKind, n: number, extra: Record<string, unknown>): object {
  if (kind === "token") return { ...extra, hash: n.toString(16).padStart(64, "0"), scopes: ["*"] };
  if (kind === "external_service") return { ...extra, url: `http://127.0.0.1:${n}`, owner: "ann" };
  if (kind === "port") return { claims: [claim(n, "ann"), claim(n, `service:web/p${n}`)].slice(0, 1 + (n % 2)) };
  if (kind === "service")
    return { spec: spec({ KEY: vault.seal("s", `service/service-${n}/environment/KEY`) }), owner: "ann", desired: "stopped" };
  return extra;
}

function claim(port: number, owner: string): PortClaim {
  return { port, protocol: "tcp", bind: "127.0.0.1", owner, by: "ann", at: 1, until: null, description: "" };
}

function spec(secrets: object): ServiceSpec {
  return { image: "web:1", port_configs: [], secret_environment: secrets } as unknown as ServiceSpec;
}

function fileOf(entities: object): unknown {
  return { tidegate: "export", version: 1, namespace: "x", made_at: 0, key: null, entities };
}

async function overTheWire(from: Transfer): Promise<ExportFile> {
  return JSON.parse(JSON.stringify(await from.export())) as ExportFile;
}

function timeless(file: ExportFile): unknown {
  return JSON.parse(JSON.stringify(file, (name, value: unknown) => (name === "updated_at" || name === "made_at" ? 0 : value)));
}

async function flush(): Promise<void> {
  const raw = tide.store("flush");
  await raw.ask(["FLUSHDB"]);
  raw.close();
}

/** A service manager that only keeps what it is told. */
function bareServices(entities: EntityStore): ServiceHooks {
  return {
    async restore(name, wanted, by, { owner = by, desired = "running" } = {}) {
      const table = entities.table("service");
      const before = await table.get(name);
      const data = { spec: wanted, owner, desired };
      await (before === null ? table.create(name, data, by) : table.put(before, data, by));
    },
    async delete(name, by) {
      const before = await entities.table("service").get(name);
      if (before !== null) await entities.table("service").remove(before, by);
    },
  };
}
