/** What the server is, and whether it may be trusted with messages. */
import { TidegateError } from "../errors.ts";
import type { Link } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import { list } from "../redis/shapes.ts";
import type { Clock } from "../clock.ts";
import type { Notice, ServerHealth } from "../tide.ts";

/** `INFO`, flattened. https://redis.io/docs/latest/commands/info/ */
export async function serverInfo(link: Link): Promise<Record<string, string>> {
  const text = String(await link.ask(["INFO"]));
  const pairs = text.split("\r\n").filter((line) => line.includes(":") && !line.startsWith("#"));
  return Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** Refuses a server that is too old or would evict messages; warns about one that forgets them on restart. */
export async function inspectServer(link: Link, notice: (notice: Notice) => void): Promise<void> {
  const info = await serverInfo(link);
  const version = info["redis_version"] ?? "0";
  if (Number(version.split(".")[0]) < 7) {
    throw new TidegateError("UNSUPPORTED_REDIS", `Redis at ${link.address} is ${version}; 7.0 or newer is needed.`, {
      hint: "Use Redis ≥ 7.0 or Valkey ≥ 7.2.",
    });
  }
  if (info["cluster_enabled"] === "1") {
    throw new TidegateError("UNSUPPORTED_REDIS", `Redis at ${link.address} is a node of a Cluster.`, {
      hint: "Use a single server or a set of sentinels; Redis Cluster is not supported yet.",
    });
  }
  const policy = await evictionPolicy(link, info["maxmemory_policy"]);
  if (policy !== "noeviction") {
    throw new TidegateError(
      "EVICTING_REDIS",
      `Redis at ${link.address} has maxmemory-policy ${policy}: when memory is short it deletes messages without telling anybody.`,
      {
        hint: "Set it: redis-cli CONFIG SET maxmemory-policy noeviction (and in redis.conf).",
      },
    );
  }
  if (info["aof_enabled"] !== "1")
    notice({
      level: "warning",
      code: "no_aof",
      message: `Redis at ${link.address} has no append-only file: messages of the last seconds or minutes are lost when it restarts.`,
    });
}

/** `noeviction`, or how this server chooses what to delete when memory is short. */
export async function evictionPolicy(link: Link, told?: string): Promise<string> {
  return await setting(link, "maxmemory-policy", told);
}

async function setting(link: Link, name: string, fallback: string | undefined): Promise<string> {
  try {
    return String(list(await link.call(["CONFIG", "GET", name]))[1] ?? fallback ?? "noeviction");
  } catch (error) {
    // CONFIG is often forbidden on managed servers; INFO tells the same.
    if (error instanceof RedisFault && error.reaction !== "reconnect") return fallback ?? "noeviction";
    throw error;
  }
}
/** How the server is, as last seen. */
export class ServerWatch {
  readonly #link: Link;
  readonly #clock: Clock;
  #roundTrip: number | null = null;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  info(): Promise<Readonly<Record<string, string>>> {
    return this.#timed(() => serverInfo(this.#link));
  }

  /** Answers what is known and asks anew for the next time. */
  health(): ServerHealth {
    if (this.#link.up) void this.#timed(() => this.#link.call(["PING"])).catch(() => {});
    return { connected: this.#link.up, roundTrip: this.#roundTrip, address: this.#link.address };
  }

  // Private

  async #timed<T>(ask: () => Promise<T>): Promise<T> {
    const start = this.#clock.now();
    const answer = await ask();
    this.#roundTrip = this.#clock.now() - start;
    return answer;
  }
}
