/**
 * `npm run test:long -- certificates-year [--days 365] [--names 5] [--seed n]`: a year of renewals by a clock of its own, with the CAs' renewal information and
 * without it; see certificates-year.ts.
 */
import { parseArgs } from "node:util";
import { runYear } from "./certificates-year.ts";
import { Seed } from "./seed.ts";

const { values } = parseArgs({
  options: { days: { type: "string", default: "365" }, names: { type: "string", default: "5" }, seed: { type: "string" } },
});
const seed = values.seed === undefined ? Seed.fromEnvironment() : new Seed(Number(values.seed));
process.stdout.write(`seed ${seed.value}\n`);
for (const ari of [true, false]) {
  const onDay = (day: number): void => void (day % 30 === 0 && process.stdout.write(`  day ${day}\n`));
  const { names, orders, refused, ended, least, mostOrders, failures } = await runYear({
    days: Number(values.days),
    names: Number(values.names),
    ari,
    seed,
    onDay,
  });
  process.stdout.write(
    `${ari ? "with" : "without"} renewal information: ${names} names, ${orders} orders, at most ${mostOrders} for one name, ${failures} failed attempts; ` +
      `refused for a limit: ${refused.length}; ended: ${ended.length}; least share of life ever left: ${(100 * least).toFixed(1)} %\n`,
  );
  for (const line of [...refused, ...ended].slice(0, 10)) process.stdout.write(`  ✖ ${line}\n`);
  if (refused.length > 0 || ended.length > 0) process.exitCode = 1;
}
