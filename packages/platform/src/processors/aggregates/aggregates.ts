/**
 * A duty of the leader: once a second it looks at every topic and writes what has happened since to `<ns>:metrics:events`, and every ten
 * seconds how the server does. What was there before the first look ever is not told as if it had happened then.
 */
import { setTimeout as pause } from "node:timers/promises";
import { defineScript, type GroupInfo, type Store } from "@tidegate/streams";
import { messageOf } from "../../errors.ts";
import type { Component, ComponentHealth } from "../../orchestrator/component.ts";
import type { ProcessorContext } from "../context.ts";
import { fieldsOf } from "../hash-fields.ts";
import type { GroupAggregate, RedisAggregate } from "../metrics/aggregate-record.ts";

const AGGREGATE = defineScript(new URL("./aggregate.lua", import.meta.url));
const SERVER = defineScript(new URL("./server.lua", import.meta.url));
const FORGET = defineScript(new URL("./forget.lua", import.meta.url));

const CONNECT_LIMIT = 10_000;
const EVERY = 1_000;
/** A topic where nothing happens is told this often, so that "nothing" can be told from "nobody looked". */
const QUIET = 10_000;
/** Finding topics means going through all keys. */
const TOPICS = 5_000;
/** Milliseconds an entry is kept. */
const KEPT = 3_600_000;

type Standing = Omit<GroupAggregate, "acked" | "retried" | "dead" | "replayed">;

export class Aggregates implements Component {
  readonly name = "aggregates";
  readonly #context: ProcessorContext;
  #store: Store | null = null;
  #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #topics: readonly string[] = [];
  #topicsAt = -Infinity;
  #serverAt = -Infinity;
  #fence = 0;
  /** Per topic: when it was last told, and whether something was waiting then. */
  readonly #told = new Map<string, { readonly at: number; readonly busy: boolean }>();

  constructor(context: ProcessorContext) {
    this.#context = context;
  }

  /** The first look is over when this resolves: what is published from then on is told. */
  async start(signal: AbortSignal): Promise<void> {
    this.#store = this.#context.streams.tide.store("aggregates");
    await this.#store.whenUp(CONNECT_LIMIT);
    if (this.#context.leader.leading) await this.#look();
    if (signal.aborted) return;
    this.#stopping = new AbortController();
    this.#done = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    this.#store?.close();
    this.#store = null;
  }

  health(): ComponentHealth {
    return { healthy: true, detail: this.#context.leader.leading ? "counts each second" : "another process counts" };
  }

  // Private

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      const { leader, onTrouble } = this.#context;
      if (leader.leading) await this.#look().catch((error: unknown) => this.#store?.up === true && onTrouble(this.name, messageOf(error)));
      await pause(Math.max(0, EVERY - (performance.now() - began)), undefined, { signal }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const { leader } = this.#context;
    if (this.#fence !== leader.fence) {
      // What another leader has told meanwhile is not known here.
      [this.#fence, this.#topicsAt] = [leader.fence, -Infinity];
      this.#told.clear();
    }
    if (performance.now() - this.#topicsAt >= TOPICS) await this.#findTopics();
    for (const topic of this.#topics) await this.#one(topic);
    if (performance.now() - this.#serverAt >= QUIET) await this.#server();
  }

  async #findTopics(): Promise<void> {
    const topics = await this.#context.streams.tide.topics();
    if ((await this.#forget("begin", [])) === 2) for (const topic of topics) await this.#count(topic, "take");
    await this.#forget("keep", topics);
    this.#topics = topics;
    this.#topicsAt = performance.now();
  }

  async #one(topic: string): Promise<void> {
    const told = this.#told.get(topic);
    const due = told === undefined || told.busy || performance.now() - told.at >= QUIET;
    if (!due && (await this.#count(topic, "look")) !== 2) return;
    const groups = await this.#standing(topic);
    if ((await this.#count(topic, "tell", JSON.stringify(groups))) !== 1) return;
    const busy = Object.values(groups).some(({ lag, pending }) => (lag ?? 0) + (pending ?? 0) > 0);
    this.#told.set(topic, { at: performance.now(), busy });
  }

  async #standing(topic: string): Promise<Record<string, Standing>> {
    const { keys, streams } = this.#context;
    const [groups, reply] = await Promise.all([
      streams.tide.groups.list(topic),
      this.#store?.ask(["HGETALL", `${keys.namespace}:${topic}:groups`]),
    ]);
    const signs = fieldsOf(reply);
    return Object.fromEntries(groups.map((group) => [group.group, standingOf(group, Number(signs[group.group] ?? 0))]));
  }

  async #count(topic: string, act: "look" | "take" | "tell", groups = "{}"): Promise<unknown> {
    const { keys, leader } = this.#context;
    const events = `${keys.namespace}:${topic}:events`;
    const lanes = [events, ...["critical", "high", "low"].map((lane) => `${events}:${lane}`)];
    const names = [leader.key, this.#counts(), keys.aggregates(), `${keys.namespace}:${topic}:counts`, ...lanes];
    return await this.#store?.run(AGGREGATE, names, [leader.instance, String(leader.fence), topic, act, groups, oldest()]);
  }

  async #forget(act: "begin" | "keep", topics: readonly string[]): Promise<unknown> {
    const { leader } = this.#context;
    return await this.#store?.run(FORGET, [leader.key, this.#counts()], [leader.instance, String(leader.fence), act, ...topics]);
  }

  async #server(): Promise<void> {
    const { keys, leader, streams } = this.#context;
    const figures = JSON.stringify(serverFigures(await streams.tide.serverInfo()));
    await this.#store?.run(
      SERVER,
      [leader.key, this.#counts(), keys.aggregates()],
      [leader.instance, String(leader.fence), figures, oldest()],
    );
    this.#serverAt = performance.now();
  }

  #counts(): string {
    return `${this.#context.keys.aggregates()}:counted`;
  }
}

// Private

/**
 * A group as its entry has it. `sign`: Unix milliseconds at which one of our consumers last said that it lives; one that is busy with long
 * handlers does not read, but says so. Silence counts only while there is something to do.
 */
function standingOf({ lag, lagSeconds, pending, retrying, consumers }: GroupInfo, sign: number): Standing {
  const heard = [...consumers.map(({ idle }) => idle / 1000), ...(sign > 0 ? [(Date.now() - sign) / 1000] : [])];
  const waiting = lag + pending + retrying > 0;
  const silence = !waiting ? 0 : heard.length === 0 ? lagSeconds : Math.max(0, Math.min(...heard));
  return { lag, lag_seconds: lagSeconds, pending, silence: Math.round(silence * 1000) / 1000 };
}

function oldest(): string {
  return String(Date.now() - KEPT);
}

function serverFigures(info: Readonly<Record<string, string>>): RedisAggregate {
  const count = (field: string): number => Number(info[field]) || 0;
  return {
    used_memory: count("used_memory"),
    maxmemory: count("maxmemory"),
    system_memory: count("total_system_memory"),
    evicting: (info["maxmemory_policy"] ?? "noeviction") === "noeviction" ? 0 : 1,
    aof_delayed_fsync: count("aof_delayed_fsync"),
    clients: count("connected_clients"),
    ops: count("instantaneous_ops_per_sec"),
  };
}
