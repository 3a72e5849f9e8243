/** Messages on a lane without the group are never read by it: that must be seen before somebody misses them. */
import { fail, ok, type RedisCheck } from "./check.ts";

export const groupLanes: RedisCheck = async ({ tide }) => {
  const groups = await tide.groups.list();
  const incomplete = groups.filter((group) => group.missingLanes.length > 0);
  const [first] = incomplete;
  if (first === undefined) return ok("groups", `${groups.length}, on all lanes of their topics`);
  const names = incomplete.map((group) => `${group.group} on ${group.topic} (${group.missingLanes.join(", ")})`).join("; ");
  return fail("groups", `missing lanes: ${names}`, `Complete each: tidegate group create ${first.topic} ${first.group}`);
};
