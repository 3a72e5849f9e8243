/**
 * `npm run test:long -- certificates-crowd [--names 100] [--instances 3] [--seconds 60] [--kill-every 5] [--seed n]`: certificates are asked for through
 * several instances, whose control processes are killed one after the other. The short form is certificates.system.test.ts.
 */
import { parseArgs } from "node:util";
import { askForAll, outcomeOf } from "./certificates-crowd.ts";
import { CertificatesStage } from "./certificates-stage.ts";
import { Seed } from "./seed.ts";

const { values } = parseArgs({
  options: {
    names: { type: "string", default: "100" },
    instances: { type: "string", default: "3" },
    seconds: { type: "string", default: "60" },
    "kill-every": { type: "string", default: "5" },
    seed: { type: "string" },
  },
});
const seed = values.seed === undefined ? Seed.fromEnvironment() : new Seed(Number(values.seed));
const [names, instances, seconds] = [Number(values.names), Number(values.instances), Number(values.seconds)];
process.stdout.write(`seed ${seed.value}: ${names} names, ${instances} instances, a kill every ${values["kill-every"]} s …\n`);
await using stage = await CertificatesStage.open({ instances, nonceReject: 30 });
const found = await outcomeOf(await askForAll({ stage, names, seconds, killEvery: Number(values["kill-every"]), seed, tracesEnd: true }));
process.stdout.write(
  `${found.certificates} certificates in ${found.seconds.toFixed(0)} s with ${found.kills} kills and ${found.interrupted} attempts broken off; ` +
    `${found.orders} orders at the CA, ${found.elsewhere} certificates of instances other than the one that answered it, ` +
    `${found.handshakes} handshakes, ${found.traces} traces; ${found.problems.length} problems\n`,
);
for (const problem of found.problems) process.stdout.write(`  ✖ ${problem}\n`);
process.exitCode = found.problems.length === 0 ? 0 : 1;
