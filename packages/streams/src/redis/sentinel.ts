/**
 * Asks the sentinels where the primary is, as https://redis.io/docs/latest/develop/reference/sentinel-clients/ tells clients to:
 * one after the other, the one that answered last time first; the server they name must itself say that it is a primary, because
 * during a failover they may be late. Nothing is remembered between two connections; a failover under one that stands is told.
 */
import { setTimeout as pause } from "node:timers/promises";
import { destroyClient, openClient, type Client } from "./client.ts";
import { describeEndpoint, describeHost, type Endpoint, type Host, type SentinelAccess } from "./endpoint.ts";
import { faultOf, RedisFault } from "./replies.ts";

/** Milliseconds for one sentinel. A dead machine among them must not eat the time of a failover. */
const SENTINEL_LIMIT = 1_000;

/** Milliseconds until a lost sentinel is followed by the next. */
const WATCH_AGAIN = 500;

export class Sentinels {
  readonly #endpoint: Endpoint;
  readonly #access: SentinelAccess;
  #watching: Client | null = null;
  #closed = false;
  /** Those that answered last are in front. */
  #hosts: readonly Host[];

  constructor(endpoint: Endpoint) {
    if (endpoint.sentinel === null) throw new Error("no sentinels");
    this.#endpoint = endpoint;
    this.#access = endpoint.sentinel;
    this.#hosts = endpoint.hosts;
  }

  /** Rejects with the reaction `stop` when those that answer refuse us or know no such primary, else with `reconnect`. */
  async primary(): Promise<Host> {
    const faults: RedisFault[] = [];
    for (const sentinel of this.#hosts) {
      try {
        const found = await this.#ask(sentinel);
        this.#hosts = [sentinel, ...this.#hosts.filter((other) => other !== sentinel)];
        return found;
      } catch (cause) {
        faults.push(faultOf(cause, describeHost(sentinel)));
      }
    }
    throw this.#nobody(faults);
  }

  /**
   * Tells of each failover until `close`. Without it a connection to a primary that was replaced but lives would go on writing
   * what nobody will keep, for the ten seconds until the sentinels demote it.
   */
  async watch(moved: (primary: Host) => void): Promise<void> {
    for (let turn = 0; !this.#closed; turn++) {
      const sentinel = this.#endpoint.hosts[turn % this.#endpoint.hosts.length];
      if (sentinel !== undefined) await this.#follow(sentinel, moved).catch(() => {});
      await pause(this.#closed ? 0 : WATCH_AGAIN, undefined, { ref: false });
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#watching !== null) destroyClient(this.#watching);
    this.#ended();
  }

  // Private

  #ended: () => void = () => {};

  /** Rejects or resolves when the sentinel is gone. It is asked first: the failover may be over already. */
  async #follow(sentinel: Host, moved: (primary: Host) => void): Promise<void> {
    const client = this.#open(sentinel);
    const ended = new Promise<void>((resolve) => (this.#ended = resolve));
    client.on("error", this.#ended).on("end", this.#ended);
    this.#watching = client;
    try {
      await client.connect();
      const now = await client.sendCommand<[string, string] | null>(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.#access.primary]);
      await client.subscribe("+switch-master", (text) => {
        const [name, , , host, port] = text.split(" ");
        if (name === this.#access.primary && host !== undefined) moved({ host, port: Number(port) });
      });
      if (now !== null) moved({ host: now[0], port: Number(now[1]) });
      await ended;
    } finally {
      destroyClient(client);
    }
  }

  #open(sentinel: Host): Client {
    const { username, password } = this.#access;
    return openClient(sentinel, { username, password, database: 0, tls: this.#endpoint.tls }, "tidegate.sentinel", SENTINEL_LIMIT);
  }

  async #ask(sentinel: Host): Promise<Host> {
    const client = this.#open(sentinel);
    const over = Promise.withResolvers<never>();
    client.on("error", over.reject);
    const limit = setTimeout(() => over.reject(new Error(`no answer within ${SENTINEL_LIMIT} ms`)), SENTINEL_LIMIT);
    try {
      const answer = client
        .connect()
        .then(() => client.sendCommand<[string, string] | null>(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.#access.primary]));
      const found = await Promise.race([answer, over.promise]);
      if (found === null) throw this.#unknown(sentinel);
      return { host: found[0], port: Number(found[1]) };
    } finally {
      clearTimeout(limit);
      over.promise.catch(() => {});
      destroyClient(client);
    }
  }

  #unknown(sentinel: Host): RedisFault {
    return new RedisFault(
      "INVALID_CONFIG",
      "stop",
      `The sentinel at ${describeHost(sentinel)} watches no primary called "${this.#access.primary}".`,
      {
        hint: "Use the name of its line `sentinel monitor <name> …`: redis-cli -p 26379 SENTINEL MASTERS",
      },
    );
  }

  #nobody(faults: readonly RedisFault[]): RedisFault {
    const away = faults.every((fault) => fault.reaction !== "stop");
    const refusal = faults.find((fault) => fault.reaction === "stop");
    const reasons = faults.map((fault) => fault.message).join(" ");
    const hint =
      refusal?.code === "AUTH_FAILED"
        ? "Sentinels have users of their own: ?sentinelUsername=…&sentinelPassword=…, or REDIS_SENTINEL_PASSWORD."
        : refusal?.hint;
    return new RedisFault(
      refusal?.code ?? "REDIS_UNREACHABLE",
      away ? "reconnect" : "stop",
      `No sentinel of ${describeEndpoint(this.#endpoint)} names a primary. ${reasons}`,
      { cause: faults[0], sent: false, hint: hint ?? "Check that the sentinels run and that their addresses are right." },
    );
  }
}

/** `role` is the answer to ROLE. https://redis.io/docs/latest/commands/role/ */
export function checkPrimary(role: unknown, address: string): void {
  const found: unknown = Array.isArray(role) ? role[0] : role;
  if (found === "master") return;
  throw new RedisFault("REDIS_READ_ONLY", "reconnect", `The sentinels name ${address}, but its role is ${String(found)}.`, { sent: false });
}
