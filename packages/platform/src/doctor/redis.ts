/** Checks of the Redis server, all from one INFO: version, memory, persistence, clock. */
import { bytes, fail, ok, warn, type CheckResult, type RedisCheck, type RedisFacts } from "./check.ts";

type Info = RedisFacts["info"];

export const serverVersion: RedisCheck = ({ info, tide }) => {
  const valkey = info["valkey_version"];
  const version = valkey ?? info["redis_version"] ?? "0";
  const found = `${valkey === undefined ? "Redis" : "Valkey"} ${version} at ${tide.address}`;
  if (Number(version.split(".")[0]) >= 7) return ok("redis", found);
  return fail("redis", `${found}, too old`, "Install Redis 7.0 or newer, or Valkey: apt-get install redis-server");
};

/** Newer commands are shown because some options are worth more with them. */
export const abilities: RedisCheck = async ({ tide }) => {
  const { role, commands } = await tide.capabilities();
  if (role === "replica")
    return fail("abilities", "a replica: it refuses every write", "Connect to the primary, or name the sentinels: redis+sentinel://…");
  return ok("abilities", `primary, ${commands.length === 0 ? "none of the newer commands" : `with ${commands.join(", ")}`}`);
};

export const evictionPolicy: RedisCheck = ({ info }) => {
  const policy = info["maxmemory_policy"] ?? "unknown";
  if (policy === "noeviction") return ok("eviction", "noeviction");
  return fail(
    "eviction",
    `${policy}: Redis would delete messages when memory is short`,
    "redis-cli CONFIG SET maxmemory-policy noeviction   (and in redis.conf)",
  );
};

export const memory: RedisCheck = ({ info }) => {
  const used = number(info, "used_memory");
  const limit = number(info, "maxmemory");
  if (limit === 0)
    return warn("memory", `${bytes(used)} used, no limit`, "Set a limit below the machine's memory: redis-cli CONFIG SET maxmemory 2gb");
  const found = `${bytes(used)} of ${bytes(limit)} used (${Math.round((used / limit) * 100)} %)`;
  if (used > limit * 0.95)
    return fail("memory", found, "Publishing is about to be refused: raise maxmemory, or shorten the retention of topics.");
  return used > limit * 0.8 ? warn("memory", found, "Raise maxmemory, or shorten the retention of topics.") : ok("memory", found);
};

export const appendOnlyFile: RedisCheck = ({ info }) => {
  if (info["aof_enabled"] === "1") return ok("persistence", "append-only file is on");
  return warn(
    "persistence",
    "append-only file is off: a crash loses everything since the last snapshot",
    "redis-cli CONFIG SET appendonly yes   (and in redis.conf)",
  );
};

export const lastWrite: RedisCheck = ({ info }) => {
  const failed = ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"].filter(
    (field) => (info[field] ?? "ok") !== "ok",
  );
  if (failed.length === 0) return ok("last write", "ok");
  return fail(
    "last write",
    `failed (${failed.join(", ")})`,
    "See the Redis log; most often the disk is full or its folder is not writable.",
  );
};

/** The counter grows when a write had to go on before the last fsync was done: the disk is slower than the messages. */
export const delayedSyncs: RedisCheck = ({ info }) => {
  const delayed = number(info, "aof_delayed_fsync");
  if (delayed === 0) return ok("disk speed", "no delayed fsync since Redis started");
  return warn(
    "disk speed",
    `${delayed} delayed fsyncs since Redis started`,
    "A power loss may cost more than a second of messages. Give Redis a faster disk of its own.",
  );
};

export const clock: RedisCheck = ({ info, asked, answered }) => {
  const theirs = number(info, "server_time_usec") / 1000;
  return theirs === 0
    ? ok("clock", "this server does not tell its time")
    : judgeClock(theirs - (asked + answered) / 2, (answered - asked) / 2);
};

/** Both in milliseconds; the difference is known only as well as the round trip was short. */
function judgeClock(difference: number, uncertainty: number): CheckResult {
  const found = `${Math.abs(Math.round(difference))} ms ${difference < 0 ? "behind" : "ahead of"} this machine (± ${Math.ceil(uncertainty)} ms)`;
  if (Math.abs(difference) - uncertainty <= 1000) return ok("clock", `Redis is ${found}`);
  return warn(
    "clock",
    `Redis is ${found}`,
    "Retries are due by Redis' clock. Run a time service on both machines: apt-get install systemd-timesyncd",
  );
}

// Private

function number(info: Info, field: string): number {
  const value = Number(info[field] ?? 0);
  return Number.isFinite(value) ? value : 0;
}
