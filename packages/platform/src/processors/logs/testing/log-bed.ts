/** For tests: a real Redis, the log index running on it, and entries written as any program may write them. */
import { setTimeout as pause } from "node:timers/promises";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis } from "@tidegate/streams/testing";
import { Leader } from "../../../orchestrator/leader.ts";
import { StreamsConnection } from "../../../orchestrator/streams-connection.ts";
import { PlatformKeys } from "../../../redis/keys.ts";
import { LogIndex } from "../log-index.ts";
import { LogKeys, type Source } from "../log-keys.ts";
import type { Logs } from "../logs.ts";

export interface Entry {
  readonly level?: string;
  readonly event_type?: string;
  readonly component?: string;
  readonly trace_id?: string;
  /** `data`. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Default `*`. */
  readonly id?: string;
}

export class LogBed implements AsyncDisposable {
  readonly url: string;
  readonly tide: Tide;
  readonly keys = new LogKeys(new PlatformKeys("bed", ""));
  readonly troubles: string[] = [];
  readonly #stack: AsyncDisposableStack;
  readonly #store;

  private constructor(url: string, tide: Tide, stack: AsyncDisposableStack) {
    this.url = url;
    this.tide = tide;
    this.#stack = stack;
    this.#store = tide.store("bed");
  }

  static async open(): Promise<LogBed> {
    await using stack = new AsyncDisposableStack();
    const redis = await startRedis();
    stack.defer(() => redis.stop());
    const tide = stack.use(await connect({ url: redis.url, namespace: "bed", service: "bed", telemetry: false }));
    const bed = new LogBed(redis.url, tide, stack.move());
    await bed.#store.whenUp(5_000);
    return bed;
  }

  /** Stopped with the bed, or before. */
  async index(instance = "bed"): Promise<LogIndex & AsyncDisposable> {
    const streams = new StreamsConnection({ url: this.url, namespace: "bed", service: instance, telemetry: false });
    const keys = new PlatformKeys("bed", "");
    const leader = new Leader({ streams, keys, instance });
    const index = new LogIndex({ streams, keys, instance, leader, onTrouble: (_, message) => void this.troubles.push(message) });
    await streams.start(AbortSignal.timeout(10_000));
    await leader.start();
    await index.start(AbortSignal.timeout(10_000));
    const dispose = async (): Promise<void> => {
      await index.stop();
      await leader.stop();
      await streams.stop();
    };
    this.#stack.defer(dispose);
    return Object.assign(index, { [Symbol.asyncDispose]: dispose });
  }

  async write(entries: readonly Entry[]): Promise<string[]> {
    return await Promise.all(
      entries.map(async ({ id = "*", data, ...rest }) => {
        const source: Source = rest.event_type === undefined ? "logs" : "events";
        const fields = { ...rest, timestamp: String(Date.now()), ...(data === undefined ? {} : { data: JSON.stringify(data) }) };
        return String(await this.#store.call(["XADD", this.keys.stream(source), id, ...Object.entries(fields).flat()]));
      }),
    );
  }

  async ask(...args: string[]): Promise<unknown> {
    return await this.#store.ask(args);
  }

  /** Until everything written so far is indexed. */
  async indexed(): Promise<void> {
    for (const source of ["logs", "events"] as const) await this.#indexed(source);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #indexed(source: Source): Promise<void> {
    const last = await this.#store.ask(["XREVRANGE", this.keys.stream(source), "+", "-", "COUNT", "1"]);
    const id = Array.isArray(last) && Array.isArray(last[0]) ? String(last[0][0]) : null;
    if (id === null) return;
    const end = performance.now() + 120_000;
    for (;;) {
      if ((await this.#store.ask(["HGET", this.keys.cursor(source), "id"])) === id) return;
      if (performance.now() > end) throw new Error(`${source} were not indexed within two minutes: ${this.troubles.join("; ")}`);
      await pause(5);
    }
  }
}

/** All of a query, page by page. */
export async function everything(
  logs: Logs,
  query: Parameters<Logs["search"]>[0],
  kind?: Parameters<Logs["search"]>[1],
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await logs.search({ ...query, ...(cursor === undefined ? {} : { cursor }) }, kind);
    ids.push(...page.logs.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}
