// A Redis server on PATH, for the embedded Redis and for the tests. Not needed where REDIS_STREAMS_URL names one.
import { step } from "./step.mjs";
import { aptInstall, asRoot, brewInstall, findProgram, hasDebianPackages } from "./system-packages.mjs";

export async function installRedis() {
  if (findProgram("redis-server", "valkey-server") !== undefined) return;
  if (hasDebianPackages() && asRoot() !== null) {
    await step("Redis server", () => aptInstall(["redis-server"], { services: ["redis-server"] }));
  } else if (process.platform === "darwin" && findProgram("brew") !== undefined) {
    await step("Redis server", () => brewInstall(["redis"]));
  } else {
    throw new Error(
      `Tidegate needs redis-server (7.0 or newer) or valkey-server, and neither is on PATH.\n  Run this, then repeat:\n\n    ${advice()}\n\n  Or use a Redis of your own: REDIS_STREAMS_URL=redis://host:6379 npm start`,
    );
  }
}

function advice() {
  if (hasDebianPackages()) return "sudo apt-get install -y --no-install-recommends redis-server";
  if (findProgram("dnf") !== undefined) return "sudo dnf install -y valkey";
  if (findProgram("apk") !== undefined) return "sudo apk add redis";
  if (findProgram("pacman") !== undefined) return "sudo pacman -S valkey";
  return process.platform === "darwin" ? "brew install redis" : "install redis-server with your package manager";
}
