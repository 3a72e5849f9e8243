/** `npm run test:long -- telemetry [--seed N] [--requests 100000] [--kills 20]`: with one and with two control processes. */
import { parseArgs } from "node:util";
import { Seed } from "./seed.ts";
import { killWhileCounting } from "./telemetry-kills.ts";

const text = (value: string) => ({ type: "string", default: value }) as const;
const options = { seed: { type: "string" }, requests: text("100000"), kills: text("20"), processes: text("1,2") } as const;
const { values } = parseArgs({ options });
const seed = values.seed === undefined ? Seed.fromEnvironment().value : Number(values.seed);
const report = (line: string): void => void process.stdout.write(`${line}\n`);
report(`seed ${seed} (repeat with --seed ${seed})`);
for (const processes of values.processes.split(",").map((count) => (count === "2" ? 2 : 1))) {
  const plan = { seed, requests: Number(values.requests), kills: Number(values.kills), processes, whole: true, report } as const;
  const began = performance.now();
  const { hits, problems } = await killWhileCounting(plan);
  const seconds = Math.round((performance.now() - began) / 1000);
  report(
    `${processes} control: ${values.requests} requests, ${values.kills} kills (${hits} of the process that was reading), ${seconds} s`,
  );
  for (const problem of problems) report(`telemetry: FAILED  ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
if (process.exitCode === undefined) report("telemetry: every count is what was sent");
