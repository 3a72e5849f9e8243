/** Read-only views of groups, and the administrative acts on them. A group lives on all lanes its topic has, and its retry stream. */
import { TidegateError } from "../errors.ts";
import { checkGroup, checkTopic, type Keys } from "../keys.ts";
import { startOf } from "../message/entry-id.ts";
import { PRIORITIES, type Priority } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list, table } from "../redis/shapes.ts";
import { lanesOf } from "../topics/settings.ts";
import type { StartPosition } from "../consuming.ts";
import type { Groups, SeekResult } from "../tide.ts";
import type { ConsumerInfo, GroupInfo, PendingInfo, TopicSettings } from "../views.ts";
import { askOrNull } from "./absent.ts";
import { PendingView } from "./pending.ts";

interface GroupOnStream {
  readonly name: string;
  readonly pending: number;
  readonly lag: number;
  /** Milliseconds; of the oldest entry not delivered. */
  readonly age: number;
}

/** A lag is counted up to this, which takes the server about a millisecond; beyond it the server's own number is good enough. */
const COUNTED = 1_000;
/** Beyond this a lag the server does not know is reported as this. */
const COUNTED_UNKNOWN = 10_000;

export interface GroupViewsDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly topics: () => Promise<readonly string[]>;
  readonly settings: (topic: string) => Promise<TopicSettings>;
  /** Who moves a group, as the history of its messages says. */
  readonly service: string;
}

export class GroupViews implements Groups {
  readonly #link: Link;
  readonly #scripts: Scripts;
  readonly #keys: Keys;
  readonly #topics: () => Promise<readonly string[]>;
  readonly #settings: (topic: string) => Promise<TopicSettings>;
  readonly #pending: PendingView;
  readonly #service: string;

  constructor(deps: GroupViewsDeps) {
    this.#link = deps.link;
    this.#scripts = deps.scripts;
    this.#keys = deps.keys;
    this.#topics = deps.topics;
    this.#settings = deps.settings;
    this.#pending = new PendingView(deps);
    this.#service = deps.service;
  }

  /** The lanes a topic has. */
  async lanes(topic: string): Promise<readonly Priority[]> {
    return lanesOf(await this.#settings(topic));
  }

  async list(topic?: string): Promise<readonly GroupInfo[]> {
    const topics = topic === undefined ? await this.#topics() : [checkTopic(topic)];
    return (await Promise.all(topics.map((one) => this.ofTopic(one)))).flat();
  }

  async ofTopic(topic: string): Promise<GroupInfo[]> {
    const own = await this.lanes(topic);
    const lanes = await Promise.all(own.map(async (lane) => ({ lane, groups: await this.#onStream(this.#keys.lane(topic, lane)) })));
    const names = new Set(lanes.flatMap(({ groups }) => groups.map(({ name }) => name)));
    return await Promise.all([...names].toSorted().map((group) => this.#one(topic, group, lanes)));
  }

  async pending(topic: string, group: string): Promise<PendingInfo> {
    await this.#demand(topic, group);
    return await this.#pending.of(topic, group, await this.lanes(topic));
  }

  async create(topic: string, group: string, from: StartPosition = "beginning"): Promise<{ created: boolean }> {
    const lanes = await this.#laneKeys(checkTopic(topic));
    const keys = [...lanes, this.#keys.retryEvents(topic, checkGroup(group)), this.#keys.position(topic, group)];
    const [created] = list(await this.#scripts.run(this.#link, "ensure-group", keys, [group, startOf(from)]));
    return { created: integer(created) > 0 };
  }

  async seek(topic: string, group: string, to: StartPosition): Promise<SeekResult> {
    const start = startOf(to);
    await this.#demand(topic, group);
    const trail = [this.#keys.history(topic), this.#keys.counts(topic)];
    const keys = [...(await this.#laneKeys(topic)), ...trail, ...this.#own(topic, group)];
    const [released, dropped] = list(await this.#scripts.run(this.#link, "seek", keys, [group, start, this.#service]));
    return { released: integer(released), dropped: integer(dropped) };
  }

  reset(topic: string, group: string): Promise<SeekResult> {
    return this.seek(topic, group, "beginning");
  }

  async release(topic: string, group: string): Promise<void> {
    await this.#demand(topic, group);
    await this.#scripts.run(this.#link, "release-group", [this.#keys.groupSigns(topic)], [group]);
  }

  async remove(topic: string, group: string): Promise<{ removed: boolean }> {
    await this.#demand(topic, group);
    const lanes = PRIORITIES.map((lane) => this.#keys.lane(topic, lane));
    const keys = [...lanes, ...this.#own(topic, group), this.#keys.groupSigns(topic)];
    return { removed: integer(await this.#scripts.run(this.#link, "remove-group", keys, [group])) > 0 };
  }

  // Private

  async #laneKeys(topic: string): Promise<string[]> {
    return (await this.lanes(topic)).map((lane) => this.#keys.lane(topic, lane));
  }

  /** What a group has beside its lanes, in the order the scripts take it. */
  #own(topic: string, group: string): string[] {
    return [
      this.#keys.retryEvents(topic, group),
      this.#keys.retries(topic, group),
      this.#keys.held(topic, group),
      this.#keys.position(topic, group),
    ];
  }

  async #demand(topic: string, group: string): Promise<void> {
    const known = await this.ofTopic(checkTopic(topic));
    if (known.some((one) => one.group === checkGroup(group))) return;
    if (known.length === 0 && !(await this.#topics()).includes(topic))
      throw new TidegateError("UNKNOWN_TOPIC", `There is no topic "${topic}".`, { hint: "See what there is: tidegate topic ls" });
    const others = known.length === 0 ? "it has none" : `it has ${known.map((one) => one.group).join(", ")}`;
    throw new TidegateError("UNKNOWN_GROUP", `Topic "${topic}" has no group "${group}"; ${others}.`, {
      hint: "A group begins with its first consumer, or with: tidegate group create",
    });
  }

  async #onStream(key: string): Promise<GroupOnStream[]> {
    const again = { call: (args: string[]) => this.#link.ask(args) };
    const rows = list(await this.#scripts.run(again, "lag", [key], [String(COUNTED), String(COUNTED_UNKNOWN)]));
    return rows.map((row) => {
      const [name, pending, lag, age] = list(row);
      return { name: String(name), pending: integer(pending), lag: integer(lag), age: integer(age) };
    });
  }

  async #one(topic: string, group: string, lanes: readonly { lane: Priority; groups: readonly GroupOnStream[] }[]): Promise<GroupInfo> {
    const retryKey = this.#keys.retryEvents(topic, group);
    const found = lanes.map(({ lane, groups }) => ({ lane, info: groups.find(({ name }) => name === group) }));
    const onRetry = (await this.#onStream(retryKey)).find(({ name }) => name === group);
    const keys = [...lanes.map(({ lane }) => this.#keys.lane(topic, lane)), retryKey];
    const [retrying, consumers, idle] = await Promise.all([
      this.#link.ask(["ZCARD", this.#keys.retries(topic, group)]),
      Promise.all(keys.map((key) => this.#consumersOn(key, group))),
      Promise.all(keys.map((key) => this.#oldestIdle(key, group))),
    ]);
    return {
      topic,
      group,
      lag: found.reduce((sum, { info }) => sum + (info?.lag ?? 0), 0) + (onRetry?.lag ?? 0),
      lagSeconds: Math.max(onRetry?.age ?? 0, ...found.map(({ info }) => info?.age ?? 0)) / 1000,
      pending: found.reduce((sum, { info }) => sum + (info?.pending ?? 0), 0) + (onRetry?.pending ?? 0),
      retrying: integer(retrying),
      consumers: merge(consumers.flat()),
      missingLanes: found.filter(({ info }) => info === undefined).map(({ lane }) => lane),
      oldestPendingIdle: idle.reduce<number | null>((most, one) => (one === null ? most : Math.max(most ?? 0, one)), null),
    };
  }

  async #consumersOn(key: string, group: string): Promise<ConsumerInfo[]> {
    const reply = list(await askOrNull(this.#link, ["XINFO", "CONSUMERS", key, group]));
    return reply.map((row) => {
      const consumer = table(row);
      return { name: String(consumer.get("name")), pending: integer(consumer.get("pending")), idle: integer(consumer.get("idle")) };
    });
  }

  async #oldestIdle(key: string, group: string): Promise<number | null> {
    const [row] = list(await askOrNull(this.#link, ["XPENDING", key, group, "-", "+", "1"]));
    return row === undefined ? null : integer(list(row)[2]);
  }
}

/** A consumer reads five streams; to a person it is one. */
function merge(consumers: readonly ConsumerInfo[]): ConsumerInfo[] {
  const byName = Map.groupBy(
    consumers.filter(({ name }) => name !== "released"),
    ({ name }) => name,
  );
  return [...byName.values()].map((rows) => ({
    name: rows[0]?.name ?? "",
    pending: rows.reduce((sum, { pending }) => sum + pending, 0),
    idle: Math.min(...rows.map(({ idle }) => idle)),
  }));
}
