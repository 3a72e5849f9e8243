/** Samples every topic once a second for the live table of `tidegate up`. A failed sample is skipped: it is a display. */
import type { Tide } from "@tidegate/streams";
import type { TopicRow } from "../supervisor/channel.ts";

const INTERVAL = 1000;
/** Reading the dead letters is the dearest part of a sample. */
const DEAD_EVERY = 5;

export class TopicTable {
  readonly #tide: () => Tide | null;
  readonly #onRows: (rows: readonly TopicRow[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #sampling = false;
  #count = 0;
  #dead: ReadonlyMap<string, number> = new Map();
  #last = new Map<string, { readonly added: number; readonly at: number }>();

  constructor(tide: () => Tide | null, onRows: (rows: readonly TopicRow[]) => void) {
    this.#tide = tide;
    this.#onRows = onRows;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#sample(), INTERVAL);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    const tide = this.#tide();
    if (tide === null || this.#sampling || !tide.health().connected) return;
    this.#sampling = true;
    try {
      if (this.#count++ % DEAD_EVERY === 0) this.#dead = await countDead(tide);
      this.#onRows(await Promise.all((await tide.topics()).map((topic) => this.#row(tide, topic))));
    } catch {
      // The next sample may do better; what is wrong with Redis is shown by its own component.
    } finally {
      this.#sampling = false;
    }
  }

  async #row(tide: Tide, topic: string): Promise<TopicRow> {
    const info = await tide.streamInfo(topic);
    const sum = (pick: (group: (typeof info.groups)[number]) => number): number =>
      info.groups.reduce((total, group) => total + pick(group), 0);
    return {
      topic,
      messages: info.length,
      rate: this.#rate(topic, info.entriesAdded),
      lag: sum((group) => group.lag),
      retrying: sum((group) => group.retrying),
      dead: this.#dead.get(topic) ?? 0,
    };
  }

  #rate(topic: string, added: number): number {
    const now = performance.now();
    const last = this.#last.get(topic);
    this.#last.set(topic, { added, at: now });
    return last === undefined || now <= last.at ? 0 : Math.max(0, ((added - last.added) * 1000) / (now - last.at));
  }
}

// Private

async function countDead(tide: Tide): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const group of await tide.deadLetters.groups()) counts.set(group.topic, (counts.get(group.topic) ?? 0) + group.count);
  return counts;
}
