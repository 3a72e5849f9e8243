/** `npm run test:long -- crowd [--groups 10] [--consumers 50] [--rate 1000] [--seconds 60]` */
import { parseArgs } from "node:util";
import { crowd } from "./crowd.ts";

const text = (value: string) => ({ type: "string", default: value }) as const;
const options = { groups: text("10"), consumers: text("50"), processes: text("5"), rate: text("1000"), seconds: text("60") };
const { values } = parseArgs({ options });
const { problems } = await crowd({
  groups: Number(values.groups),
  consumersPerGroup: Number(values.consumers),
  processes: Number(values.processes),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  report: (line) => void process.stdout.write(`${line}\n`),
});
for (const problem of problems) process.stdout.write(`crowd: FAILED  ${problem}\n`);
if (problems.length === 0) process.stdout.write("crowd: passed\n");
process.exitCode = problems.length === 0 ? 0 : 1;
