// `npm run setup:test`: the servers and the browser of the test suites. At once as root without a terminal, in CI or with
// `--yes`; after one question at a terminal. With CI=true a tool that cannot be had is a failure.
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import { absentTools, installTools, unusableTools } from "./setup/test-tools.mjs";
import { main } from "./setup.mjs";

/** Answers the suites that cannot run, each with its reason. */
export async function setupTest(flags = []) {
  const absent = absentTools();
  const missing = [...unusableTools(), ...(await obtained(absent, flags))];
  for (const { tool, reason } of missing)
    process.stderr.write(`  not available: ${tool.name}: ${reason}\n    suites that will not run: ${tool.suites.join(", ")}\n`);
  return new Map(missing.flatMap(({ tool, reason }) => tool.suites.map((suite) => [suite, `${tool.name}: ${reason.split("\n")[0]}`])));
}

// Private

/** Those of the absent that are still missing. */
async function obtained(absent, flags) {
  if (absent.length === 0) return [];
  return (await agreed(absent, flags)) ? installTools(absent) : absent.map((tool) => ({ tool, reason: "not installed" }));
}

async function agreed(tools, flags) {
  if (flags.includes("--yes") || process.env.CI === "true") return true;
  if (!process.stdin.isTTY) return process.getuid?.() === 0;
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await dialog.question(
    `The tests also need ${tools.map((tool) => tool.name).join(", ")}. Install now? Nothing starts as a service. [Y/n] `,
  );
  dialog.close();
  return /^(y|yes)?$/i.test(answer.trim());
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async (flags) => {
    const missing = await setupTest(flags);
    if (missing.size > 0 && process.env.CI === "true") throw new Error("Some test tools are missing, and CI=true.");
    if (missing.size === 0) process.stdout.write("Everything the tests need is installed.\n");
  });
}
