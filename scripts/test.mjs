// `npm test [-- <part of a path> …]`: all set-up and every test, tier by tier, on real servers. The last line is the sum.
import { runTier } from "./test/run-tier.mjs";
import { TIERS, testFiles } from "./test/tiers.mjs";
import { main, setup } from "./setup.mjs";
import { setupTest } from "./setup-test.mjs";

const strict = process.env.CI === "true";

await main(async (args) => {
  const filters = args.filter((arg) => !arg.startsWith("--"));
  const files = testFiles(filters);
  if (files.length === 0)
    throw new Error(
      `No test file matches ${filters.join(" ") || "anything"}.\n  Give a part of its path, for example: npm test -- streams/src/message`,
    );
  await setup();
  const unavailable = await setupTest(args);
  const results = [];
  for (const tier of TIERS) results.push(await run(tier, files.filter(tier.files), unavailable.get(tier.name)));
  report(results.filter((result) => result !== null));
});

async function run(tier, files, reason) {
  if (files.length === 0) return null;
  if (reason !== undefined) return { name: tier.name, passed: 0, failed: strict ? 1 : 0, skipped: 0, note: `NOT RUN (${reason})` };
  process.stdout.write(`\n── ${tier.name}: ${files.length} files ──\n`);
  const result = await runTier(tier, files);
  return {
    name: tier.name,
    ...result,
    note: `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped in ${result.seconds.toFixed(1)} s`,
  };
}

function report(results) {
  const sum = (name) => results.reduce((total, result) => total + result[name], 0);
  process.stdout.write("\n");
  for (const result of results) process.stdout.write(`${result.failed > 0 ? "✖" : "✔"} ${result.name.padEnd(8)} ${result.note}\n`);
  process.stdout.write(`\n${sum("passed")} passed, ${sum("failed")} failed\n`);
  process.exitCode = sum("failed") > 0 ? 1 : 0;
}
