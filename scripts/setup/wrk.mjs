// wrk on PATH: the load generator of the HTTP benchmarks, not needed by anything else.
import { step } from "./step.mjs";
import { aptInstall, asRoot, brewInstall, findProgram, hasDebianPackages } from "./system-packages.mjs";

export async function installWrk() {
  if (findProgram("wrk") !== undefined) return;
  if (hasDebianPackages() && asRoot() !== null) {
    await step("wrk", () => aptInstall(["wrk"]));
  } else if (process.platform === "darwin" && findProgram("brew") !== undefined) {
    await step("wrk", () => brewInstall(["wrk"]));
  } else {
    const advice = hasDebianPackages() ? "sudo apt-get install -y --no-install-recommends wrk" : "see https://github.com/wg/wrk";
    throw new Error(`The HTTP benchmarks load their servers with wrk, which is not on PATH.\n  Run this, then repeat:\n\n    ${advice}`);
  }
}
