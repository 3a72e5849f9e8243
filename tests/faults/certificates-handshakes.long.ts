/**
 * `npm run test:long -- certificates-handshakes [--seconds 60] [--rate 500] [--renewals 6] [--workers 2]`: full TLS handshakes while their certificate is
 * renewed by a real CA. The short form is certificates.system.test.ts.
 */
import { parseArgs } from "node:util";
import { answered } from "./certificates-crowd.ts";
import { runHandshakes, type Swap } from "./certificates-handshakes.ts";
import { CertificatesStage } from "./certificates-stage.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    rate: { type: "string", default: "500" },
    renewals: { type: "string", default: "6" },
    workers: { type: "string", default: "2" },
  },
});
const [seconds, rate, renewals] = [Number(values.seconds), Number(values.rate), Number(values.renewals)];
await using stage = await CertificatesStage.open({ instances: 1, workers: Number(values.workers), authzReuse: 100 });
const name = "shaken";
await answered(stage.products, "POST", "/api/v1/certificates", { cert_name: name, domain: "www.shaken.example", skip_preflight: true });
await answered(stage.products, "GET", `/api/v1/certificates/${name}/status?wait=true&timeout=60`);
const found = await runHandshakes({ stage, name, seconds, rate, renewals, cut: true });
process.stdout.write(
  `${found.handshakes} full handshakes, ${found.rate.toFixed(0)} a second of ${rate} wanted, ${values.workers} workers; ` +
    `${found.swaps.length} renewals: ${found.swaps.map(shown).join("; ")}; ${found.problems.length} problems\n`,
);
for (const problem of found.problems) process.stdout.write(`  ✖ ${problem}\n`);
process.exitCode = found.problems.length === 0 ? 0 : 1;

// Private

function shown({ firstNew, lastOld, cut }: Swap): string {
  return `first new ${firstNew} ms, last old ${lastOld} ms after the event${cut === null ? "" : ` (${cut} connections of the workers cut)`}`;
}
