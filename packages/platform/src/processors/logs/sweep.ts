/** Removes the postings of hours whose last entry has left the stream. All names follow from the hour, so nothing is searched for. */
import type { Store } from "@tidegate/streams";
import { hourName, hourOf } from "./entry-ids.ts";
import type { LogKeys } from "./log-keys.ts";
import type { LogSource } from "./source.ts";
import { FIELDS } from "./terms.ts";

export class Sweep {
  readonly #source: LogSource;
  readonly #store: Store;
  readonly #keys: LogKeys;

  constructor(source: LogSource, store: Store, keys: LogKeys) {
    this.#source = source;
    this.#store = store;
    this.#keys = keys;
  }

  /** `before`: what is older has run out by itself. */
  async expired(before: number): Promise<void> {
    const { first, indexed, hours } = await this.#source.standing();
    const oldest = hourOf(first ?? indexed);
    for (const hour of hours) if (hour < Math.max(oldest, before)) await this.#remove(hour);
  }

  /** Where nobody knows how far the index had got it begins anew, and must not find what it wrote before. */
  async forgetUnknown(): Promise<void> {
    const { indexed, hours } = await this.#source.standing();
    if (indexed !== "0-0") return;
    for (const hour of hours) {
      await this.#remove(hour);
      if (this.#source.source === "logs") await this.#store.ask(["DEL", this.#keys.counts(hour), ...this.#stats(hour)]);
    }
  }

  // Private

  async #remove(hour: number): Promise<void> {
    const keys = FIELDS.flatMap((field) => this.#keys.postings(this.#source.source, hour, field));
    await this.#store.ask(["DEL", ...keys]);
    // Last: what is left after a crash is tried again.
    await this.#store.ask(["ZREM", this.#keys.hours(this.#source.source), String(hour)]);
  }

  #stats(hour: number): string[] {
    const slots = [hourName(hour), ...Array.from({ length: 12 }, (_, at) => `${hourName(hour)}${String(at * 5).padStart(2, "0")}`)];
    return slots.flatMap((slot) => [
      this.#keys.stats(slot),
      this.#keys.visitors(slot),
      ...(["paths", "hosts", "components"] as const).map((table) => this.#keys.table(slot, table)),
    ]);
  }
}
