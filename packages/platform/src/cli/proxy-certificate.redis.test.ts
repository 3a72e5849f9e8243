/** A certificate that comes and goes with its host, and routes in each other's way, at the command line. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeCertificate } from "../../../gateway/src/certificates/testing/certificate.ts";
import { CommandLine } from "./testing/command-line.ts";

const stack = new AsyncDisposableStack();
let line: CommandLine;
let tidegate: CommandLine["run"];

before(async () => {
  line = stack.use(await CommandLine.open());
  tidegate = line.run;
});
after(() => stack.disposeAsync());

test("proxy delete --certificate takes the certificate along, or says for whom it stays", async () => {
  const { certificate, key } = await makeCertificate({ names: ["*.shop.example"] });
  const [chain, secret] = [join(line.folder, "chain.pem"), join(line.folder, "key.pem")];
  await Promise.all([writeFile(chain, certificate), writeFile(secret, key)]);
  assert.equal((await tidegate("cert", "upload", "shop", "--chain", chain, "--key", secret)).code, 0);
  for (const host of ["a.shop.example", "b.shop.example"]) assert.equal((await tidegate("proxy", "create", host, "3000")).code, 0);
  const first = await tidegate("proxy", "delete", "a.shop.example", "--certificate", "--yes");
  assert.match(first.stdout, /not served any more\.\n {2}The certificate shop stays: b\.shop\.example is shown with it\.\n/, first.stderr);
  const second = await tidegate("proxy", "delete", "b.shop.example", "--certificate", "--yes", "--json");
  const gone = { deleted: "b.shop.example", certificate: { cert_name: "shop", deleted: true, used_by: [] } };
  assert.deepEqual(JSON.parse(second.stdout), gone, second.stderr);
  assert.equal((await tidegate("cert", "show", "shop")).code, 3);
});

test("proxy create --issue: what needs no certificate is well, what cannot have one now is made and fails", async () => {
  const local = await tidegate("proxy", "create", "dev.localhost", "3000", "--issue");
  assert.deepEqual([local.code, /! dev\.localhost is a name for development/.test(local.stdout)], [0, true], local.stderr);
  const shop = await tidegate("proxy", "create", "nowhere.tidegate-tests.net", "3000", "--issue", "--json");
  const answer = JSON.parse(shop.stdout) as { hostname: string; certificate: null; certificate_problem: string };
  assert.deepEqual([shop.code, answer.hostname, answer.certificate], [1, "nowhere.tidegate-tests.net", null], shop.stderr);
  const { error } = JSON.parse(shop.stderr) as { error: { code: string; message: string } };
  assert.equal(error.code, "PREFLIGHT_FAILED");
  assert.ok(error.message.endsWith(answer.certificate_problem), error.message);
  for (const wrong of [["--issue", "--no-https"], ["--skip-preflight"]])
    assert.equal((await tidegate("proxy", "create", "none.tidegate-tests.net", "3000", ...wrong)).code, 2, wrong.join(" "));
  assert.equal((await tidegate("proxy", "show", "none.tidegate-tests.net")).code, 3);
});

test("route ls says which route is never asked, and because of which", async () => {
  await tidegate("route", "create", "/api/v1", "3000", "--id", "narrow");
  await tidegate("route", "create", "/api", "3001", "--id", "wide", "--priority", "100");
  const { stdout } = await tidegate("route", "ls");
  assert.match(stdout, /! narrow could never take a request: wide \(priority 100\) is asked first and takes them all\n$/);
  assert.equal(stdout.match(/^!/gm)?.length, 1, stdout);
});
