// `npm start`: set-up, then the product with its demo. `-- --no-demo` leaves the demo out; other flags go to `tidegate up`.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { fromSource, projectNode } from "./setup/node.mjs";
import { repository } from "./setup/step.mjs";
import { main, setup } from "./setup.mjs";

await main(async (flags) => {
  await setup();
  const own = flags.filter((flag) => flag !== "--no-demo");
  const demo = flags.includes("--no-demo") || flags.includes("--demo") ? [] : ["--demo"];
  const program = join(repository, "packages", "platform", "bin", "tidegate.js");
  await follow(spawn(projectNode, [fromSource, program, "up", ...demo, ...own], { stdio: "inherit" }));
});

/**
 * Waits for the product and ends as it ended. A Ctrl-C reaches it from the terminal itself, so SIGINT is only survived here;
 * the other signals come to this process alone and are passed on.
 */
function follow(child) {
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => {
      process.exitCode = code ?? 128 + constants.signals[signal];
      done();
    });
  });
}
