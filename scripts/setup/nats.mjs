// nats-server on PATH: a peer of the benchmarks, not needed by anything else.
import { step } from "./step.mjs";
import { aptInstall, asRoot, brewInstall, findProgram, hasDebianPackages } from "./system-packages.mjs";

export async function installNats() {
  if (findProgram("nats-server") !== undefined) return;
  if (hasDebianPackages() && asRoot() !== null) {
    await step("NATS server", () => aptInstall(["nats-server"], { services: ["nats-server"] }));
  } else if (process.platform === "darwin" && findProgram("brew") !== undefined) {
    await step("NATS server", () => brewInstall(["nats-server"]));
  } else {
    const advice = hasDebianPackages() ? "sudo apt-get install -y --no-install-recommends nats-server" : "see https://nats.io/download";
    throw new Error(`The benchmarks compare with nats-server, which is not on PATH.\n  Run this, then repeat:\n\n    ${advice}`);
  }
}
