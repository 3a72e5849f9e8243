import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { GatewayKeys } from "../keys.ts";
import { EntityStore } from "./entity-store.ts";
import { KeyedVault } from "./keyed-vault.ts";

const bed = new AsyncDisposableStack();
const PLACE = "service/web/environment/PASSWORD";
const KEY = "a sentence nobody guesses, 4711";
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vault-"));
  bed.defer(() => rm(folder, { recursive: true }));
});

after(() => bed.disposeAsync());

test("what is sealed opens in its place and nowhere else, and not when anything of it was changed", () => {
  const vault = vaultOf(KEY);
  const text = fc.string({ unit: "binary", maxLength: 200 });
  fc.assert(
    fc.property(text, fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), fc.nat(), (secret, place, other, at) => {
      const sealed = vault.seal(secret, place);
      assert.equal(vault.open(sealed, place), secret);
      if (other !== place) refuses(vault, sealed.$sealed, other);
      for (const letter of ["A", "B", "_", "."]) {
        const where = at % sealed.$sealed.length;
        const broken = sealed.$sealed.slice(0, where) + letter + sealed.$sealed.slice(where + 1);
        if (broken !== sealed.$sealed) refuses(vault, broken, place);
      }
      refuses(vault, sealed.$sealed.slice(0, -1 - (at % 16)), place);
    }),
    { numRuns: 200 },
  );
});

test("a tag that is shorter, but right as far as it goes, is refused", () => {
  const vault = vaultOf(KEY);
  const parts = vault.seal("secret", PLACE).$sealed.split(".");
  const tag = Buffer.from(parts[4] ?? "", "base64url");
  for (const length of [0, 4, 8, 12, 15])
    refuses(vault, [...parts.slice(0, 4), tag.subarray(0, length).toString("base64url")].join("."), PLACE);
});

test("no nonce is used twice, so the same secret never looks the same", () => {
  const vault = vaultOf(KEY);
  const nonces = new Set(Array.from({ length: 10_000 }, () => vault.seal("secret", PLACE).$sealed.split(".")[2]));
  assert.equal(nonces.size, 10_000);
});

test("the key is 32 bytes in any spelling or a long text; a weak one is refused without being shown", () => {
  const bytes = Buffer.from("0123456789abcdef0123456789abcdef");
  const sealed = vaultOf(bytes.toString("hex")).seal("secret", PLACE);
  for (const same of [bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex").toUpperCase()])
    assert.equal(vaultOf(same).open(sealed, PLACE), "secret");
  assert.throws(() => vaultOf(KEY).open(sealed, PLACE), { code: "ENCRYPTION_KEY_WRONG" });
  for (const weak of ["hunter2", "shorter-than-16", "abababababababababababab"]) {
    const vault = vaultOf(weak);
    assert.throws(
      () => vault.seal("x", PLACE),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "ENCRYPTION_KEY_INVALID");
        assert.ok(!error.message.includes(weak));
        return true;
      },
    );
    assert.ok(vault.problem?.includes("too weak") === true && !vault.problem.includes(weak));
  }
});

test("on the first run a key is made, for its owner only; whoever else starts there has the same", async () => {
  const data = join(folder, "first");
  const sealed = vaultOf(null, data).seal("secret", PLACE);
  assert.deepEqual(await readdir(data), ["encryption-key"]);
  assert.equal((await stat(join(data, "encryption-key"))).mode & 0o777, 0o600);
  assert.equal(vaultOf(null, data).open(sealed, PLACE), "secret");
  assert.equal(vaultOf((await readFile(join(data, "encryption-key"), "utf8")).trim()).open(sealed, PLACE), "secret");
});

test("a damaged key file is said, not replaced", async () => {
  const path = join(folder, "encryption-key");
  await writeFile(path, "half of a k");
  const vault = vaultOf(null, folder);
  assert.match(vault.problem ?? "", /does not hold an encryption key/);
  assert.throws(() => vault.open({ $sealed: "v1.a.b.c.d" }, PLACE), { code: "ENCRYPTION_KEY_INVALID" });
  assert.equal(await readFile(path, "utf8"), "half of a k");
});

test("under another key than before nothing is sealed, the store says why, and everything else goes on", async () => {
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url });
  const first = vaultOf(KEY);
  await opened(tide, first);
  assert.equal(first.problem, null);
  const other = vaultOf("another sentence nobody guesses");
  const store = await opened(tide, other);
  const { healthy, detail } = store.health();
  assert.equal(healthy, false);
  assert.match(detail ?? "", /encrypted with the key \S{12}, and this process has \S{12}/);
  assert.throws(() => other.seal("x", PLACE), { code: "ENCRYPTION_KEY_WRONG" });
  await store.table("service").create("web", {}, "ann");
  assert.equal((await opened(tide, vaultOf(KEY))).health().healthy, true);
  await tide.close();
  assert.equal(first.open(first.seal("secret", PLACE), PLACE), "secret", "Redis is not needed for it");
});

// Private

const keys = new GatewayKeys("vaulttest", "");

function vaultOf(encryptionKey: string | null, dataFolder = folder): KeyedVault {
  return new KeyedVault({ keys, encryptionKey, dataFolder });
}

async function opened(tide: Tide, vault: KeyedVault): Promise<EntityStore> {
  const store = new EntityStore({ tide: () => tide, keys, vault });
  await store.start();
  return store;
}

function refuses(vault: KeyedVault, $sealed: string, place: string): void {
  assert.throws(() => vault.open({ $sealed }, place), { code: "ENCRYPTION_KEY_WRONG" });
}
