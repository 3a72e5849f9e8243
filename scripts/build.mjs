// `npm run build`: what is published, in each package's dist/ – compiled code and declarations, the Lua scripts beside the code that
// reads them, and the built console inside the product. Starts from nothing each time, so that no stale file is shipped.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectNode } from "./setup/node.mjs";
import { repository, run, step } from "./setup/step.mjs";
import { main, setup } from "./setup.mjs";

const packages = join(repository, "packages");
const PUBLISHED = ["streams", "gateway", "platform"];

await main(async () => {
  await setup({ redis: false });
  await step("packages", compile);
  copyScripts();
  cpSync(join(packages, "console", "dist"), join(packages, "platform", "dist", "console"), { recursive: true });
});

async function compile() {
  for (const name of PUBLISHED) {
    rmSync(join(packages, name, "dist"), { recursive: true, force: true });
    rmSync(join(packages, name, "tsconfig.tsbuildinfo"), { force: true });
  }
  const tsc = join(repository, "node_modules", ".bin", "tsc");
  await run(projectNode, [tsc, "-b", ...PUBLISHED.map((name) => join(packages, name))]);
}

/** A script stands beside its user, in `dist` as in `src`. */
function copyScripts() {
  for (const name of PUBLISHED) {
    const [from, to] = ["src", "dist"].map((folder) => join(packages, name, folder));
    const scripts = readdirSync(from, { recursive: true }).filter((path) => path.endsWith(".lua"));
    if (scripts.length === 0) throw new Error(`No Lua scripts were found in ${from}.`);
    for (const path of scripts) cpSync(join(from, path), join(to, path));
  }
}
