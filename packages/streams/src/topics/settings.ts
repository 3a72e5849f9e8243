/**
 * How each topic is stored, kept beside it so that every program agrees. Read once per topic and again each minute;
 * who only wants what is known at this moment does not wait.
 */
import type { Clock } from "../clock.ts";
import { TidegateError } from "../errors.ts";
import { checkTopic, type Keys } from "../keys.ts";
import { PRIORITIES, type Priority } from "../message/message.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer, list, record } from "../redis/shapes.ts";
import type { TopicSettings } from "../views.ts";

const FRESH = 60_000;

export class TopicSettingsStore {
  readonly #link: Link;
  readonly #scripts: Scripts;
  readonly #keys: Keys;
  readonly #clock: Clock;
  /** Form of a topic that has no settings and no entries yet. */
  readonly #wire: TopicSettings["wire"];
  readonly #known = new Map<string, { settings: TopicSettings; at: number }>();
  readonly #asking = new Map<string, Promise<TopicSettings>>();

  constructor(link: Link, scripts: Scripts, keys: Keys, clock: Clock, wire: TopicSettings["wire"]) {
    this.#link = link;
    this.#scripts = scripts;
    this.#keys = keys;
    this.#clock = clock;
    this.#wire = wire;
  }

  /** Without waiting; asks again in the background when it is older than a minute. Undefined before the first answer. */
  known(topic: string): TopicSettings | undefined {
    const found = this.#known.get(topic);
    if (found === undefined) return undefined;
    if (this.#clock.now() - found.at > FRESH) this.#ask(topic).catch(() => {});
    return found.settings;
  }

  async of(topic: string): Promise<TopicSettings> {
    return this.known(checkTopic(topic)) ?? (await this.#ask(topic));
  }

  async save(topic: string, change: Partial<TopicSettings>): Promise<TopicSettings> {
    const before = await this.#ask(checkTopic(topic));
    const settings = { ...before, ...change };
    check(settings);
    if (!settings.lanes) await this.#refuseWaiting(topic);
    else if (!before.lanes) await this.#completeGroups(topic);
    await this.#link.ask(["HSET", this.#keys.config(topic), "lanes", settings.lanes ? "1" : "0", "wire", settings.wire]);
    return this.#learn(topic, settings);
  }

  // Private

  #ask(topic: string): Promise<TopicSettings> {
    let asking = this.#asking.get(topic);
    if (asking === undefined) {
      asking = this.#read(topic).finally(() => this.#asking.delete(topic));
      this.#asking.set(topic, asking);
    }
    return asking;
  }

  async #read(topic: string): Promise<TopicSettings> {
    const found = record(await this.#link.ask(["HGETALL", this.#keys.config(topic)]));
    const settings: TopicSettings = { lanes: found["lanes"] !== "0", wire: found["wire"] === "full" ? "full" : "compact" };
    if (found["wire"] !== undefined || this.#wire === "compact") return this.#learn(topic, settings);
    if (integer(await this.#link.ask(["EXISTS", this.#keys.events(topic)])) === 1) return this.#learn(topic, settings);
    await this.#link.call(["HSET", this.#keys.config(topic), "wire", this.#wire]);
    return this.#learn(topic, { ...settings, wire: this.#wire });
  }

  #learn(topic: string, settings: TopicSettings): TopicSettings {
    this.#known.set(topic, { settings, at: this.#clock.now() });
    return settings;
  }

  /** Before anything can be published to the new lanes. Groups of other programs are left as they are: they read one stream. */
  async #completeGroups(topic: string): Promise<void> {
    const lanes = PRIORITIES.map((lane) => this.#keys.lane(topic, lane));
    const groups = list(await this.#scripts.run(this.#link, "group-names", [...lanes, this.#keys.groupSigns(topic)], [])).map(String);
    for (const group of groups) {
      const position = this.#keys.position(topic, group);
      if (integer(await this.#link.ask(["EXISTS", position])) === 0) continue;
      await this.#scripts.run(this.#link, "ensure-group", [...lanes, this.#keys.retryEvents(topic, group), position], [group, "0"]);
    }
  }

  /** With `lanes: false` nobody would read them any more. */
  async #refuseWaiting(topic: string): Promise<void> {
    for (const lane of PRIORITIES) {
      if (lane === "normal") continue;
      const length = integer(await this.#link.ask(["XLEN", this.#keys.lane(topic, lane)]));
      if (length > 0)
        throw new TidegateError("TOPIC_IN_USE", `The lane ${lane} of ${topic} has ${length} entries, which nobody would read any more.`, {
          hint: "Let the consumers finish and retention remove them, or remove the topic, then try again.",
        });
    }
  }
}

/** The lanes a topic has: without lanes everything is in its own stream. */
export function lanesOf(settings: TopicSettings): readonly Priority[] {
  return settings.lanes ? PRIORITIES : ["normal"];
}

function check(settings: TopicSettings): void {
  if (typeof settings.lanes === "boolean" && (settings.wire === "compact" || settings.wire === "full")) return;
  throw new TidegateError(
    "INVALID_CONFIG",
    `A topic's settings are lanes (true or false) and wire (compact or full), found ${JSON.stringify(settings)}.`,
  );
}
