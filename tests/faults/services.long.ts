/**
 * `npm run test:long -- services [--seed n] [--services 50] [--acts 4] [--kill-every 5]`: services are made, changed and deleted at once through two
 * instances; either control process is killed again and again, and the Docker Engine restarted once. The short form is services.docker.test.ts.
 */
import { parseArgs } from "node:util";
import { runServices } from "./services.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    services: { type: "string", default: "50" },
    acts: { type: "string", default: "4" },
    "kill-every": { type: "string", default: "5" },
  },
});
const run = {
  seed: Number(values.seed),
  services: Number(values.services),
  acts: Number(values.acts),
  killEvery: Number(values["kill-every"]),
  restartEngine: true,
};
process.stdout.write(`seed ${run.seed}: ${run.services} services, ${run.acts} acts on each, a kill every ${run.killEvery} s …\n`);
const outcome = await runServices(run);
const answers = Map.groupBy(outcome.acts, ({ status, code }) => (status === null ? "lost" : (code ?? String(status))));
process.stdout.write(
  `${outcome.acts.length} acts in ${outcome.seconds.toFixed(0)} s (${[...answers].map(([answer, acts]) => `${answer}: ${acts.length}`).join(", ")}), ` +
    `${outcome.kills} kills, 1 restart of the engine; in the end ${outcome.services} services, ${outcome.ports} ports, ${outcome.traces} traces; ` +
    `${outcome.problems.length} problems\n`,
);
for (const problem of outcome.problems) process.stdout.write(`  ${problem}\n`);
process.exitCode = outcome.problems.length === 0 ? 0 : 1;
