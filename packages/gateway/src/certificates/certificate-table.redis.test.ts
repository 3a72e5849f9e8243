import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { GatewayKeys } from "../keys.ts";
import { EntityStore } from "../store/entity-store.ts";
import { KeyedVault } from "../store/keyed-vault.ts";
import { CertificateTable } from "./certificate-table.ts";
import { keyPlace, type CertificateData } from "./spec.ts";
import { makeCertificate } from "./testing/certificate.ts";

test("certificates are uploaded, replaced, shown without their key, and removed, each with its event", async () => {
  await using bed = new AsyncDisposableStack();
  const redis = await startRedis();
  bed.defer(() => redis.stop());
  const dataFolder = await mkdtemp(join(tmpdir(), "tidegate-certificates-"));
  bed.defer(() => rm(dataFolder, { recursive: true, force: true }));
  const tide = bed.use(await connect({ url: redis.url }));
  const keys = new GatewayKeys("certtest", "");
  const vault = new KeyedVault({ keys, encryptionKey: null, dataFolder });
  const entities = new EntityStore({ tide: () => tide, keys, vault });
  await entities.start();
  bed.defer(() => entities.stop());
  const table = new CertificateTable({ entities, vault });
  const ann = { by: "ann", owner: "ann" };
  const [first, second] = [await makeCertificate({ names: ["*.app.example"] }), await makeCertificate({ names: ["*.app.example"] })];

  const made = await table.upload(null, { chain: first.certificate, key: first.key }, ann);
  assert.deepEqual(
    [made.name, made.version, made.data.domains, made.data.origin, made.data.owner],
    ["wildcard.app.example", 1, ["*.app.example"], "uploaded", "ann"],
  );
  await assert.rejects(table.upload(null, { chain: first.certificate, key: first.key }, ann), { code: "NAME_TAKEN" });
  await assert.rejects(table.upload("No Name", { chain: first.certificate, key: first.key }, ann), { code: "INVALID_NAME" });
  await assert.rejects(table.upload("other", { chain: first.certificate, key: second.key }, ann), { code: "INVALID_CERTIFICATE" });

  const replaced = await table.replace(made.name, { chain: second.certificate, key: second.key }, "ben", 1);
  assert.notEqual(replaced.data.fingerprint, made.data.fingerprint);
  await assert.rejects(table.replace(made.name, { chain: first.certificate, key: first.key }, "ben", 1), { code: "VERSION_CONFLICT" });
  assert.deepEqual([await table.list(), await table.show(made.name)], [[replaced], replaced]);
  assert.ok(!JSON.stringify(replaced).includes("$sealed"));
  const kept = await entities.table<CertificateData>("certificate").get(made.name);
  assert.ok(!JSON.stringify(kept).includes("PRIVATE KEY"));
  assert.equal(vault.open(kept?.data.key ?? { $sealed: "" }, keyPlace(made.name)), second.key);

  await assert.rejects(table.delete(made.name, "ann", 1), { code: "VERSION_CONFLICT" });
  await table.delete(made.name, "ann");
  await assert.rejects(table.show(made.name), { code: "UNKNOWN_ENTITY" });
  const store = bed.adopt(tide.store("test"), (one) => one.close());
  const events = JSON.stringify(await store.ask(["XRANGE", "events:certificate:stream", "-", "+"]));
  for (const type of ["certificate_ready", "certificate_renewed", "certificate_deleted"]) assert.ok(events.includes(type), type);
});
