/**
 * Where a figure stands in Redis. One hash holds some slots of one subject at one step, its fields `<slot>:<measure>`; all have a TTL, so
 * that no sweep is needed. A slot is as old as its beginning.
 */
import type { Step } from "../../contract.ts";
import type { PlatformKeys } from "../../redis/keys.ts";

/** What a subject is: a host, component, event type, topic, `<topic>/<group>`, the Redis server, or what was lost. */
export type Kind = "http" | "log" | "event" | "topic" | "group" | "redis" | "lost";

/** Seconds a slot of this step is kept. */
export const KEPT: Readonly<Record<Step, number>> = { 1: 600, 10: 7_200, 60: 172_800, 3600: 7_776_000 };
/** Slots in one hash: enough that a series is few keys, few enough that a hash stays small. */
const SLOTS: Readonly<Record<Step, number>> = { 1: 60, 10: 60, 60: 60, 3600: 240 };
/** Subjects of one kind that get series of their own; the rest share `_other`. */
export const MOST: Readonly<Record<Kind, number>> = { http: 100, log: 200, event: 100, topic: 500, group: 1_000, redis: 1, lost: 1 };
export const OTHER = "_other";
/** All hosts together. */
export const ALL = "*";

export interface Place {
  readonly key: string;
  /** Before the measure's name. */
  readonly slot: number;
  /** Unix seconds at which nobody asks for any of the hash any more. */
  readonly expires: number;
}

export class SeriesKeys {
  readonly #keys: PlatformKeys;
  #hour = { hour: Number.NaN, name: "" };

  constructor(keys: PlatformKeys) {
    this.#keys = keys;
  }

  /** hash `<slot>:<measure>` → number, or bins of a histogram; TTL by its step; owner: the metrics processors. `at`: Unix seconds. */
  place(kind: Kind, subject: string, step: Step, at: number): Place {
    const index = Math.floor(at / step);
    const chunk = Math.floor(index / SLOTS[step]);
    const key = this.#keys.own("metrics", "series", kind, String(step), String(chunk), this.#subject(kind, subject));
    return { key, slot: index % SLOTS[step], expires: (chunk + 1) * SLOTS[step] * step + KEPT[step] };
  }

  /** HyperLogLog of addresses in one hour; TTL 2 days. */
  visitors(host: string, hour: number): string {
    return this.#keys.own("metrics", "visitors", String(hour), host);
  }

  /** hash of one host in one hour, in the earlier systems' form; TTL 7 days. */
  hourly(host: string, hour: number): string {
    return this.#keys.own("metrics", host, this.#hourName(hour));
  }

  /** zset of the known subjects of one kind by when they were last seen (Unix seconds); TTL 90 days. */
  subjects(kind: Kind): string {
    return this.#keys.own("metrics", "subjects", this.#scope(kind));
  }

  /** zset: by when they were first seen. */
  firstSeen(kind: Kind): string {
    return this.#keys.own("metrics", "first", this.#scope(kind));
  }

  /** hash of ever growing counters, `<label>\t<label>` → number; TTL 90 days after the last. */
  totals(family: string): string {
    return this.#keys.own("metrics", "totals", family === "messages" ? this.#scope("topic") : family);
  }

  // Private

  /** `YYYYMMDD:HH`; nearly always asked for the hour that is. */
  #hourName(hour: number): string {
    if (this.#hour.hour !== hour) {
      const [date, time] = new Date(hour * 3_600_000).toISOString().split("T");
      this.#hour = { hour, name: `${date?.replaceAll("-", "")}:${time?.slice(0, 2)}` };
    }
    return this.#hour.name;
  }

  /** Topics and groups belong to a namespace; logs and events to the database. */
  #scope(kind: Kind): string {
    return kind === "topic" || kind === "group" || kind === "redis" ? `${kind}:${this.#keys.namespace}` : kind;
  }

  #subject(kind: Kind, subject: string): string {
    return this.#scope(kind) === kind ? subject : `${this.#keys.namespace}:${subject}`;
  }
}
