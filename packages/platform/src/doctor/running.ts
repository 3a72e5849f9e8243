/** Checks of the running instance: is what instance.json says true, and are the ports its own or free? */
import { once } from "node:events";
import { createServer } from "node:net";
import { parseConfig } from "../config.ts";
import { messageOf } from "../errors.ts";
import { fail, ok, warn, type CheckResult, type MachineCheck, type MachineFacts } from "./check.ts";

export const instanceFile: MachineCheck = ({ instance, alive }) => {
  if (instance === null) return ok("instance", "none is running in this folder or above it");
  if (alive) return ok("instance", `process ${instance.file.pid}, ${instance.file.consoleUrl || "still starting"}`);
  const found = `process ${instance.file.pid} of ${instance.folder}/instance.json is gone`;
  return warn("instance", found, "It was killed. Start it again: tidegate up   (it cleans up what was left)");
};

export const consolePort: MachineCheck = (facts) => checkPort("console port", "port", "console", facts, "MONITOR_PORT=8091 tidegate up");

export const redisPort: MachineCheck = (facts) => {
  if ((process.env["REDIS_STREAMS_URL"] ?? "") !== "") return ok("redis port", "not needed: REDIS_STREAMS_URL names a Redis");
  return checkPort("redis port", "redisPort", "redis", facts, "REDIS_PORT=6390 tidegate up");
};

// Private

/** While an instance runs its file says which port it took; else the port must be free for the next start. */
async function checkPort(name: string, key: "port" | "redisPort", own: string, facts: MachineFacts, fix: string): Promise<CheckResult> {
  if (facts.alive) return ok(name, ofInstance(facts.instance?.file.ports[own]));
  try {
    const config = parseConfig({}, process.env, process.cwd());
    return await judgePort(name, config[key], config.host, fix);
  } catch (error) {
    return fail(name, messageOf(error), "Correct the setting and run: tidegate doctor");
  }
}

function ofInstance(port: number | undefined): string {
  return port === undefined ? "the running instance has none of its own" : `${port}, used by the running instance`;
}

async function judgePort(name: string, port: number, host: string, fix: string): Promise<CheckResult> {
  const refusal = await tryToListen(port, host);
  if (refusal === null) return ok(name, `${port} is free`);
  const found = refusal === "EADDRINUSE" ? `${port} is taken by another program` : `${port} cannot be used: ${refusal}`;
  return warn(name, found, `Stop that program, or choose another port: ${fix}`);
}

async function tryToListen(port: number, host: string): Promise<string | null> {
  const probe = createServer();
  try {
    await once(probe.listen(port, host), "listening");
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? messageOf(error);
  } finally {
    probe.close();
  }
}
