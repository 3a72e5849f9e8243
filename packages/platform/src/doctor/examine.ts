/** Runs every check in order: the machine first, then Redis, so that the first red line is nearest to the cause. */
import { findInstance, type Tide } from "@tidegate/streams";
import { messageOf, toPlain } from "../errors.ts";
import { isAlive } from "../supervisor/processes.ts";
import { fail, type CheckResult, type MachineCheck, type MachineFacts, type RedisCheck, type RedisFacts } from "./check.ts";
import { groupLanes } from "./groups.ts";
import { diskSpace, nodeVersion, openFiles } from "./machine.ts";
import { abilities, appendOnlyFile, clock, delayedSyncs, evictionPolicy, lastWrite, memory, serverVersion } from "./redis.ts";
import { roundTrip } from "./round-trip.ts";
import { consolePort, instanceFile, redisPort } from "./running.ts";

const MACHINE: readonly MachineCheck[] = [nodeVersion, openFiles, diskSpace, instanceFile, consolePort, redisPort];
const REDIS: readonly RedisCheck[] = [
  serverVersion,
  abilities,
  evictionPolicy,
  memory,
  appendOnlyFile,
  lastWrite,
  delayedSyncs,
  clock,
  groupLanes,
];

/** `open` connects to Redis; where it cannot, one failed check stands for all that need it. */
export async function* examine(open: () => Promise<Tide>, deep: boolean): AsyncGenerator<CheckResult> {
  const machine = machineFacts();
  if ("status" in machine) yield machine;
  else for (const check of MACHINE) yield await check(machine);
  try {
    await using tide = await open();
    const facts = await redisFacts(tide);
    for (const check of deep ? [...REDIS, roundTrip] : REDIS) yield await check(facts);
  } catch (error) {
    yield fail("redis", messageOf(error), toPlain(error).hint ?? "Start one with: tidegate up   or name yours: --url redis://host:6379");
  }
}

// Private

function machineFacts(): MachineFacts | CheckResult {
  try {
    const instance = findInstance();
    return { instance, alive: instance !== null && isAlive(instance.file.pid) };
  } catch (error) {
    return fail("instance", `instance.json cannot be read: ${messageOf(error)}`, "Stop Tidegate, remove the file and start it again.");
  }
}

async function redisFacts(tide: Tide): Promise<RedisFacts> {
  const asked = Date.now();
  const info = await tide.serverInfo();
  return { tide, info, asked, answered: Date.now() };
}
