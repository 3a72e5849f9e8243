/**
 * `npm run test:long -- edge-redis-down [--seconds 300] [--rate 500]`: Redis killed under load, and started again. No request may fail meanwhile;
 * afterwards requests are recorded again, and those that were not are counted. The short form is tests/edge/redis-down.system.test.ts.
 */
import { parseArgs } from "node:util";
import { runRedisDown } from "../edge/redis-down.ts";
import { shownErrors } from "../edge/load.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "300" }, rate: { type: "string", default: "500" } } });
const { load, unrecorded, recordedAfter, problems } = await runRedisDown({ seconds: Number(values.seconds), rate: Number(values.rate) });
process.stdout.write(
  `Redis away for ${values.seconds} s: ${load.sent} requests, ${load.answered} answered, ${shownErrors(load.errors)}, slowest ${load.slowest.toFixed(0)} ms; ` +
    `${unrecorded} were not recorded and counted; ${recordedAfter} recorded after it was back\n`,
);
for (const problem of problems) process.stdout.write(`  ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
