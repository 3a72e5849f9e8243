/**
 * The configuration of the embedded Redis. Pure text; the reasons stand beside the lines because this is what decides whether
 * an acknowledged message survives.
 */
export interface RedisSettings {
  readonly port: number;
  readonly password: string;
  readonly folder: string;
  readonly maxMemory: number;
}

const TWO_GIB = 2 * 1024 ** 3;

export function redisConf(settings: RedisSettings): string {
  return [
    "# Written by tidegate at every start; changes are lost.",
    "bind 127.0.0.1",
    "protected-mode yes",
    `port ${settings.port}`,
    `requirepass ${settings.password}`,
    "daemonize no",
    `dir ${quoted(settings.folder)}`,
    `logfile ${quoted(`${settings.folder}/redis.log`)}`,
    "# Shows this file in the command line, by which a later start recognises a server that was left behind.",
    'proc-title-template "{title} {config-file} {listen-addr}"',
    "# At most one second of messages is lost when the power fails, nothing when only Redis dies.",
    "appendonly yes",
    "appendfsync everysec",
    "save 900 1 300 10 60 10000",
    `maxmemory ${settings.maxMemory}`,
    "# Redis must refuse a write rather than delete a message.",
    "maxmemory-policy noeviction",
    "stream-node-max-bytes 4096",
    "stream-node-max-entries 100",
    "",
  ].join("\n");
}

/** 2 GiB, or a quarter of what this machine or container has if that is less. */
export function memoryLimit(total: number, constrained: number): number {
  const available = constrained > 0 ? Math.min(total, constrained) : total;
  return Math.floor(Math.min(TWO_GIB, available / 4));
}

// Private

function quoted(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
