// `npm run check`: types, lint, format, floors, dead code and docs, side by side; one line each, details only of what failed.
import { join } from "node:path";
import { fromSource, projectNode } from "./setup/node.mjs";
import { repository, run } from "./setup/step.mjs";
import { main, setup } from "./setup.mjs";

const tool = (name, ...args) => [join(repository, "node_modules", ".bin", name), ...args];
const script = (name) => [fromSource, join(repository, "scripts", name)];

const CHECKS = {
  types: tool("tsc", "-p", ".", "--noEmit"),
  "console types": tool("tsc", "-p", "packages/console", "--noEmit"),
  lint: tool("oxlint", "--type-aware", "--deny-warnings"),
  format: tool("oxfmt", "--check", "."),
  floors: script("check-floors.ts"),
  docs: script("check-docs.ts"),
  "dead code": tool("knip", "--no-progress"),
};

await main(async () => {
  await setup({ redis: false, console: false });
  const results = await Promise.all(Object.entries(CHECKS).map(([name, args]) => check(name, args)));
  process.exitCode = results.every(Boolean) ? 0 : 1;
});

async function check(name, args) {
  const started = Date.now();
  const line = (mark) => process.stdout.write(`${mark} ${name.padEnd(14)} ${String(Date.now() - started).padStart(6)} ms\n`);
  try {
    await run(projectNode, args);
    line("✔");
    return true;
  } catch (error) {
    line("✖");
    process.stdout.write(`${error.message}\n`);
    return false;
  }
}
