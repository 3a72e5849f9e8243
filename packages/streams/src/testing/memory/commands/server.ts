/** Commands about the connection and the server. https://redis.io/docs/latest/commands/?group=connection */
import { ErrorReply, OK, PONG, Waiting, type Answer } from "../answers.ts";
import { ANY, command, wholeNumber, type Commands, type Context } from "../command.ts";
import { unknownSubcommand } from "./groups.ts";

/** The servers the double is compared with. */
const VERSIONS = { redis: { redis_version: "7.0.15" }, valkey: { redis_version: "7.2.4", valkey_version: "8.0.1" } };

export const SERVER_COMMANDS: Commands = {
  PING: command(0, 1, ([text]) => text ?? PONG),
  ECHO: command(1, 1, ([text = ""]) => text),
  SELECT: command(1, 1, () => OK),
  READONLY: command(0, 0, () => OK),
  TIME: command(0, 0, (_, { db }) => [String(Math.floor(db.now / 1_000)), String((db.now % 1_000) * 1_000)]),
  INFO: command(0, ANY, info),
  CONFIG: command(2, ANY, ([what = "", ...names]) => {
    if (what.toUpperCase() !== "GET") throw unknownSubcommand("CONFIG", what);
    return names.flatMap((name) => (SETTINGS[name] === undefined ? [] : [name, SETTINGS[name]]));
  }),
  COMMAND: command(1, ANY, ([what = "", ...names], { server }) => {
    if (what.toUpperCase() !== "INFO") throw unknownSubcommand("COMMAND", what);
    return names.map((name) => (server.knows(name) ? [name.toLowerCase(), -1] : null));
  }),
  CLIENT: command(1, ANY, client),
  SCRIPT: command(1, ANY, script),
  EVAL: command(2, ANY, ([text = "", count, ...rest], context) => run(context.server.loadScript(text), count, rest, context)),
  EVALSHA: command(2, ANY, ([sha = "", count, ...rest], context) => {
    if (!context.server.hasScript(sha)) throw new ErrorReply("NOSCRIPT No matching script. Please use EVAL.");
    return run(sha, count, rest, context);
  }),
  WAIT: command(2, 2, ([wanted, timeout], { server }) => {
    if (server.replicas >= wholeNumber(wanted)) return server.replicas;
    return new Waiting([], wholeNumber(timeout), () => server.replicas);
  }),
};

// Private

const SETTINGS: Readonly<Record<string, string>> = {
  "maxmemory-policy": "noeviction",
  maxmemory: "0",
  appendonly: "yes",
  appendfsync: "everysec",
  databases: "1",
};

function info(_: readonly string[], { db, server }: Context): Answer {
  const fields = {
    ...VERSIONS[db.dialect],
    redis_mode: "standalone",
    os: "memory",
    process_id: 0,
    run_id: "0".repeat(40),
    uptime_in_seconds: Math.floor(server.uptime / 1_000),
    connected_clients: server.clients().length,
    used_memory: 0,
    maxmemory: 0,
    maxmemory_policy: "noeviction",
    loading: 0,
    aof_enabled: 1,
    aof_last_write_status: "ok",
    role: "master",
    connected_slaves: server.replicas,
    db0: `keys=${db.keys().length},expires=0,avg_ttl=0`,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join("");
}

function client([what = "", first = "", second = ""]: readonly string[], { client: self, server }: Context): Answer {
  switch (what.toUpperCase()) {
    case "ID":
      return self.id;
    case "GETNAME":
      return self.name;
    case "SETNAME":
      self.name = first;
      return OK;
    case "SETINFO":
    case "NO-EVICT":
    case "NO-TOUCH":
      return OK;
    case "LIST":
      return server
        .clients()
        .map(({ id, name }) => `id=${id} name=${name}\n`)
        .join("");
    case "UNBLOCK":
      return server.unblock(wholeNumber(first), second.toUpperCase() === "ERROR") ? 1 : 0;
    case "KILL":
      return server.kill(wholeNumber(second)) ? 1 : 0;
    default:
      throw unknownSubcommand("CLIENT", what);
  }
}

function script([what = "", ...rest]: readonly string[], { server }: Context): Answer {
  switch (what.toUpperCase()) {
    case "LOAD":
      return server.loadScript(rest[0] ?? "");
    case "EXISTS":
      return rest.map((sha) => (server.hasScript(sha) ? 1 : 0));
    case "FLUSH":
      server.forgetScripts();
      return OK;
    default:
      throw unknownSubcommand("SCRIPT", what);
  }
}

function run(sha: string, count: string | undefined, rest: readonly string[], context: Context): Answer {
  const keys = wholeNumber(count);
  if (keys < 0) throw new ErrorReply("ERR Number of keys can't be negative");
  if (keys > rest.length) throw new ErrorReply("ERR Number of keys can't be greater than number of args");
  return context.server.evaluate(sha, rest.slice(0, keys), rest.slice(keys), context);
}
