/**
 * Somebody deletes in Redis, under load. What may be missing or repeated afterwards is read in the same transaction as the deletion,
 * message by message, so the allowance is exact.
 */
import { onRedis } from "./redis-faults.ts";
import type { Damage, Fault } from "./fault.ts";
import { now } from "./effects.ts";
import { GROUP, NAMESPACE, TOPIC, withRedis } from "./stage.ts";

const EVENTS = `${NAMESPACE}:${TOPIC}:events`;
const LANES = ["", ":critical", ":high", ":low"].map((lane) => `${EVENTS}${lane}`);
const RETRY = `${NAMESPACE}:${TOPIC}:retry:${GROUP}:events`;
/** Messages nobody has begun when they are deleted. */
const PILE = 100;
const POSITION = `${NAMESPACE}:${TOPIC}:position:${GROUP}`;

/** Every message the group has not acknowledged, then the deletion. */
const DELETE = `
local data = {}
local function add(entries) for _, entry in ipairs(entries) do data[#data + 1] = table.concat(entry[2], ' ') end end
for _, key in ipairs(KEYS) do
  local groups = redis.call('EXISTS', key) == 1 and redis.call('XINFO', 'GROUPS', key) or {}
  for _, group in ipairs(groups) do
    for _, pending in ipairs(redis.call('XPENDING', key, group[2], '-', '+', 100000)) do add(redis.call('XRANGE', key, pending[1], pending[1])) end
    add(redis.call('XRANGE', key, '(' .. group[8], '+'))
  end
end
if ARGV[1] == 'all' then redis.call('FLUSHALL') else redis.call('DEL', unpack(KEYS)) end
return data`;

/** Every message delivered above the position Redis has noted for the group, then the group goes. */
const DESTROY = `
local mark = redis.call('HGET', KEYS[2], KEYS[1]) or '0-0'
local data = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. mark, '+')) do data[#data + 1] = table.concat(entry[2], ' ') end
redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1])
return data`;

export const flushall: Fault = deletion("flushall", "all");
export const lanesDeleted: Fault = deletion("lanes-deleted", "lanes");

export const groupDestroy: Fault = onRedis("group-destroy", [0, 300], async (server, stage) => {
  const above = await runScript(server.url, DESTROY, [EVENTS, POSITION], GROUP);
  const at = now();
  return {
    async heal() {
      // Repeated may be what was acknowledged above the position: in doubt since the first of those acknowledgements.
      const from = stage.witness
        .deeds()
        .filter((deed) => deed.kind === "acked" && above.has(deed.seq))
        .reduce((least, deed) => Math.min(least, deed.at), at);
      return { victims: [{ victim: "*", from }], evidence: `group destroyed; ${above.size} messages stood above its position` };
    },
  };
});

// Private

function deletion(name: Fault["name"], what: "all" | "lanes"): Fault {
  return onRedis(name, [0, 300], async (server, stage) => {
    const from = now();
    const goOn = await stage.pileUp(PILE);
    const dropped = await runScript(server.url, DELETE, [...LANES, RETRY], what);
    goOn();
    return {
      heal: async (): Promise<Damage> => ({
        victims: [{ victim: "*", from }],
        gone: (publication) => dropped.has(publication.seq),
        evidence: `${what === "all" ? "everything" : "all lanes"} deleted with ${dropped.size} unacknowledged messages`,
      }),
    };
  });
}

async function runScript(url: string, script: string, keys: readonly string[], argument: string): Promise<Set<number>> {
  const reply = await withRedis(url, (call) => call("EVAL", script, String(keys.length), ...keys, argument));
  return new Set((reply as string[]).map((fields) => Number(/"seq":(\d+)/.exec(fields)?.[1])));
}
