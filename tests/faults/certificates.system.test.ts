/** The short forms of `certificates-crowd` and `certificates-handshakes`, by the same two instances: the one while the other waits for the leases of the dead. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answered, askForAll, outcomeOf, type Crowd } from "./certificates-crowd.ts";
import { runHandshakes } from "./certificates-handshakes.ts";
import { CertificatesStage } from "./certificates-stage.ts";
import { Seed } from "./seed.ts";

describe("certificates of the whole product", () => {
  const stack = new AsyncDisposableStack();
  const seed = Seed.fromEnvironment();
  const name = "shaken";
  let stage: CertificatesStage;
  let crowd: Crowd;

  before(async () => {
    stage = stack.use(await CertificatesStage.open({ instances: 2, nonceReject: 30, authzReuse: 100 }));
    const shaken = { cert_name: name, domain: "www.shaken.example", skip_preflight: true };
    await answered(stage.products, "POST", "/api/v1/certificates", shaken);
    await answered(stage.products, "GET", `/api/v1/certificates/${name}/status?wait=true`);
    crowd = await askForAll({ stage, names: 10, seconds: 3, killEvery: 1.6, seed, tracesEnd: false });
  });
  after(() => stack.disposeAsync());

  it("no handshake fails while a certificate is renewed, and all show the new one within a second", async (context) => {
    const { problems, rate, swaps } = await runHandshakes({ stage, name, seconds: 3, rate: 100, renewals: 1, cut: true });
    context.diagnostic(`${rate.toFixed(0)} handshakes a second; ${JSON.stringify(swaps)}`);
    assert.deepEqual(problems, []);
  });

  it(`ten names were asked for while a control process was killed: each has one certificate, everywhere (seed ${seed.value})`, async (context) => {
    const { problems, orders, kills, interrupted } = await outcomeOf(crowd);
    context.diagnostic(`${orders} orders, ${kills} kills, ${interrupted} attempts broken off`);
    assert.deepEqual(problems, []);
    assert.ok(kills > 0);
  });
});
