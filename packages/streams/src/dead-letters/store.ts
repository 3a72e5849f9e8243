/** `tide.deadLetters`: list, group, replay to the group that failed, discard. */
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { integer } from "../redis/shapes.ts";
import type { DeadLetterEdit, DeadLetters } from "../tide.ts";
import type { DeadLetter, DeadLetterFilter, DeadLetterGroup, DeadLetterPage, ReplayJob } from "../views.ts";
import type { FailureIndex } from "./failure-index.ts";
import { checkId, type Finder } from "./finder.ts";
import { kindOfLetter } from "./letter.ts";
import type { ReplayJobs } from "./replay-jobs.ts";
import { checkReplayable, type Replay } from "./replay.ts";

export interface DeadLetterStoreDeps {
  readonly link: Link;
  readonly keys: Keys;
  readonly index: FailureIndex;
  readonly finder: Finder;
  readonly replay: Replay;
  readonly jobs: ReplayJobs;
}

export class DeadLetterStore implements DeadLetters {
  readonly #deps: DeadLetterStoreDeps;

  constructor(deps: DeadLetterStoreDeps) {
    this.#deps = deps;
  }

  async count(filter: DeadLetterFilter = {}): Promise<number> {
    if (Object.values(filter).every((field) => field === undefined)) return await this.#total();
    return sum(await this.groups(filter));
  }

  async list(options: DeadLetterFilter & { limit?: number; cursor?: string } = {}): Promise<DeadLetterPage> {
    const { limit = 100, cursor, ...filter } = options;
    const most = Math.min(Math.max(1, limit), 1_000);
    await this.#deps.index.adopt();
    const items: DeadLetter[] = [];
    for await (const page of this.#deps.finder.pages(filter, { reverse: true, after: cursor, page: Math.min(most + 1, 100) })) {
      items.push(...page);
      if (items.length > most) break;
    }
    const shown = items.slice(0, most);
    return { items: shown, next: items.length > most ? (shown.at(-1)?.id ?? null) : null, total: await this.#total() };
  }

  async get(id: string): Promise<DeadLetter | null> {
    for await (const [letter] of this.#deps.finder.pages({ ids: [checkId(id)] })) return letter ?? null;
    return null;
  }

  async groups(filter: DeadLetterFilter = {}): Promise<readonly DeadLetterGroup[]> {
    await this.#deps.index.adopt();
    if (filter.text === undefined && filter.ids === undefined) return await this.#deps.index.counted(filter);
    return await this.#lookedThrough(filter);
  }

  async replay(filter: DeadLetterFilter, options: { edit?: DeadLetterEdit } = {}): Promise<{ replayed: number; skipped: number }> {
    let [replayed, skipped] = [0, 0];
    for await (const letters of this.#snapshot(filter)) {
      if (filter.ids !== undefined) letters.forEach(checkReplayable);
      const moved = await Promise.all(letters.map((letter) => this.#deps.replay.move(letter, options.edit)));
      replayed += moved.filter((one) => one === "moved").length;
      skipped += moved.filter((one) => one !== "moved").length;
    }
    return { replayed, skipped: filter.ids === undefined ? skipped : filter.ids.length - replayed };
  }

  async discard(filter: DeadLetterFilter): Promise<{ discarded: number }> {
    let discarded = 0;
    for await (const letters of this.#snapshot(filter)) {
      const kinds = Map.groupBy(letters, (letter) => kindOfLetter(letter).signature);
      for (const [signature, [first, ...rest]] of kinds) {
        if (first === undefined) continue;
        const ids = [first, ...rest].map(({ id }) => id);
        const { topic, group } = first;
        discarded += await this.#deps.index.discard({ signature, topic, group }, ids, kindOfLetter(first).description);
      }
    }
    return { discarded };
  }

  async *iterate(filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    for await (const letters of this.#snapshot(filter)) yield* letters;
  }

  async startReplay(filter: DeadLetterFilter, options: { rate?: number } = {}): Promise<ReplayJob> {
    await this.#deps.index.adopt();
    const until = await this.#deps.finder.newest();
    return await this.#deps.jobs.start(filter, options.rate ?? 0, until, await this.count(filter));
  }

  jobs(): Promise<readonly ReplayJob[]> {
    return this.#deps.jobs.list();
  }

  job(id: string): Promise<ReplayJob | null> {
    return this.#deps.jobs.get(id);
  }

  cancelJob(id: string): Promise<ReplayJob> {
    return this.#deps.jobs.cancel(id);
  }

  // Private

  async #total(): Promise<number> {
    return integer(await this.#deps.link.ask(["XLEN", this.#deps.keys.deadLetters()]));
  }

  /** What matches now, oldest first; a letter that dies meanwhile must not be replayed by the same call again. */
  async *#snapshot(filter: DeadLetterFilter): AsyncGenerator<DeadLetter[]> {
    await this.#deps.index.adopt();
    yield* this.#deps.finder.pages(filter, { until: await this.#deps.finder.newest() });
  }

  async #lookedThrough(filter: DeadLetterFilter): Promise<readonly DeadLetterGroup[]> {
    const kinds = new Map((await this.#deps.index.kinds()).map((kind) => [kind.signature, kind]));
    const found = new Map<string, DeadLetterGroup>();
    for await (const letter of this.iterate(filter)) {
      const { signature } = kindOfLetter(letter);
      const kind = found.get(signature) ?? kinds.get(signature);
      if (kind === undefined) continue;
      const count = found.has(signature) ? kind.count + 1 : 1;
      const firstAt = found.has(signature) ? kind.firstAt : letter.failedAt;
      found.set(signature, { ...kind, count, firstAt, lastAt: letter.failedAt });
    }
    return [...found.values()].toSorted((a, b) => b.count - a.count);
  }
}

function sum(groups: readonly DeadLetterGroup[]): number {
  return groups.reduce((total, { count }) => total + count, 0);
}
