// `npm run bench -- <name> [--json]`: one benchmark beside its peers. The peers live in bench/ with a lock file of their own.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { installDependencies } from "./setup/dependencies.mjs";
import { fromSource, projectNode } from "./setup/node.mjs";
import { repository } from "./setup/step.mjs";
import { installNats } from "./setup/nats.mjs";
import { absentTools, installTools, PROXIES } from "./setup/test-tools.mjs";
import { installWrk } from "./setup/wrk.mjs";
import { main, setup } from "./setup.mjs";

await main(async (args) => {
  await setup({ redis: true, console: false });
  await installNats();
  await installWrk();
  if (args[0] === "edge") await installProxies();
  await installDependencies(join(repository, "bench"), "the benchmark's peers");
  const child = spawn(projectNode, [fromSource, join(repository, "bench", "run.ts"), ...args], { cwd: repository, stdio: "inherit" });
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.exitCode = await new Promise((done, fail) => child.on("error", fail).on("close", (code) => done(code ?? 1)));
});

async function installProxies() {
  const missing = await installTools(absentTools().filter(({ suites }) => suites.includes(PROXIES)));
  for (const { tool, reason } of missing) throw new Error(`The edge is measured beside ${tool.name}, which is not there: ${reason}`);
}
