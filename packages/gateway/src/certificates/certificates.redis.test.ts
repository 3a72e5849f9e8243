import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_CA } from "../testing/acme/settings.ts";
import { CertificatesBed } from "../testing/acme/certificates-bed.ts";
import { keyPlace, type CertificateData } from "./spec.ts";
import { makeCertificate } from "./testing/certificate.ts";

test("certificates are uploaded, replaced, shown without their key, and removed, each with its event", async () => {
  await using bed = await CertificatesBed.open();
  const { certificates, entities, vault, tide } = await bed.instance("one", NO_CA);
  const ann = { by: "ann", owner: "ann" };
  const [first, second] = [await makeCertificate({ names: ["*.app.example"] }), await makeCertificate({ names: ["*.app.example"] })];

  const made = await certificates.upload(null, { chain: first.certificate, key: first.key }, ann);
  assert.deepEqual(
    [made.name, made.status, made.certificate?.version, made.certificate?.data.domains, made.certificate?.data.origin, made.request],
    ["wildcard.app.example", "active", 1, ["*.app.example"], "uploaded", null],
  );
  await assert.rejects(certificates.upload(null, { chain: first.certificate, key: first.key }, ann), { code: "NAME_TAKEN" });
  await assert.rejects(certificates.upload("No Name", { chain: first.certificate, key: first.key }, ann), { code: "INVALID_NAME" });
  await assert.rejects(certificates.upload("other", { chain: first.certificate, key: second.key }, ann), { code: "INVALID_CERTIFICATE" });
  await assert.rejects(certificates.renew(made.name, "ann"), { code: "CERTIFICATE_STATE" });

  const replaced = await certificates.replace(made.name, { chain: second.certificate, key: second.key }, "ben", 1);
  assert.notEqual(replaced.certificate?.data.fingerprint, made.certificate?.data.fingerprint);
  await assert.rejects(certificates.replace(made.name, { chain: first.certificate, key: first.key }, "ben", 1), {
    code: "VERSION_CONFLICT",
  });
  assert.deepEqual([await certificates.list(), await certificates.show(made.name)], [[replaced], replaced]);
  assert.ok(!JSON.stringify(replaced).includes("$sealed"));
  const kept = await entities.table<CertificateData>("certificate").get(made.name);
  assert.ok(!JSON.stringify(kept).includes("PRIVATE KEY"));
  assert.equal(vault.open(kept?.data.key ?? { $sealed: "" }, keyPlace(made.name)), second.key);
  assert.equal((await certificates.explain(made.name)).state, "uploaded");

  await assert.rejects(certificates.remove(made.name, "ann", 1), { code: "VERSION_CONFLICT" });
  await certificates.remove(made.name, "ann");
  await assert.rejects(certificates.show(made.name), { code: "UNKNOWN_ENTITY" });
  const store = tide.store("test");
  const events = JSON.stringify(await store.ask(["XRANGE", "events:certificate:stream", "-", "+"]));
  store.close();
  for (const type of ["certificate_ready", "certificate_renewed", "certificate_deleted"]) assert.ok(events.includes(type), type);
});
