/**
 * The library's promise under chance: workers die and stand still, connections break before and after commands, the server is busy or
 * demoted, handlers fail. Whatever was answered `stored` has its effect at least once in every group; nothing else has one.
 * Same seed, same run: `TIDEGATE_TEST_SEED=7`; more runs with `TIDEGATE_TEST_RUNS=200`.
 */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Settlement } from "../../consuming.ts";
import { PublishUnknown } from "../../errors.ts";
import type { Message } from "../../message/message.ts";
import type { Tide } from "../../tide.ts";
import { judge, type Deed, type Kill, type Published } from "../checker.ts";
import { createMemory, type Memory } from "./memory.ts";
import { seeded } from "./seeded.ts";

const RUNS = Number(process.env["TIDEGATE_TEST_RUNS"] ?? 5);
const FIRST = Number(process.env["TIDEGATE_TEST_SEED"] ?? 1);
const GROUPS = ["billing", "mail"];
const WORKERS = 2;
const STEPS = 40;
const AT_ONCE = 4;

for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
  void test(`every stored message has its effect in every group, and no other has one (seed ${seed})`, async () => {
    const random = seeded(seed);
    const jitter = mock.method(Math, "random", seeded(seed + 1_000_000));
    try {
      await using run = new Run(random);
      await run.everything(seed);
      for (const group of GROUPS) assert.deepEqual(run.problems(group), [], `${group}, seed ${seed}`);
      assert.ok(run.stored > STEPS, `only ${run.stored} messages were stored`);
    } finally {
      jitter.mock.restore();
    }
  });
}

class Run implements AsyncDisposable {
  readonly #memory: Memory = createMemory({ start: Date.UTC(2026, 0, 1) });
  readonly #random: () => number;
  readonly #published: Published[] = [];
  readonly #deeds = new Map<string, Deed[]>(GROUPS.map((group) => [group, []]));
  readonly #workers: { tide: Tide; name: string; group: string }[] = [];
  #hired = 0;
  #next = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get stored(): number {
    return this.#published.filter(({ outcome }) => outcome === "stored").length;
  }

  async everything(seed: number): Promise<void> {
    const { clock, faults } = this.#memory;
    const publisher = await this.#memory.connect({ namespace: "p", publishTimeout: 3_000 });
    for (const group of GROUPS) {
      await publisher.groups.create("orders", group);
      for (let count = 0; count < WORKERS; count++) await this.#hire(group);
    }
    faults.random({ seed, cut: 0.005, loseAnswer: 0.01, fail: 0.01, delay: 0.02, longestDelay: 3_000 });
    const answers: Promise<void>[] = [];
    for (let step = 0; step < STEPS; step++) {
      for (let count = 0; count < AT_ONCE; count++) answers.push(this.#publish(publisher));
      await clock.advance(this.#random() * 12_000);
      await this.#misfortune();
    }
    faults.clear();
    await clock.finish(Promise.all(answers));
    await clock.until(() => drained(publisher));
    await clock.advance(1_000);
  }

  problems(group: string): readonly string[] {
    // Connections break all the time, so anything may be delivered twice.
    const kills: Kill[] = [{ victim: "*", from: 0, until: Number.POSITIVE_INFINITY }];
    const deeds = this.#deeds.get(group) ?? [];
    const left = { pending: 0, lag: 0, retrying: 0 };
    return judge({ published: this.#published, deeds, kills, inFlightBound: Number.POSITIVE_INFINITY, left }).problems;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#memory[Symbol.asyncDispose]();
  }

  // Private

  /** Tries until it works, as a supervisor does: while connections break, a start may fail. */
  async #hire(group: string): Promise<void> {
    for (;;) {
      const name = `${group}${++this.#hired}`;
      try {
        const tide = await this.#memory.clock.finish(this.#memory.connect({ namespace: "p", service: name }));
        this.#workers.push({ tide, name, group });
        return await this.#memory.clock.finish(this.#consume(tide, name, group));
      } catch {
        const failed = this.#workers.findIndex((worker) => worker.name === name);
        if (failed !== -1)
          await this.#memory.clock.finish(this.#workers.splice(failed, 1)[0]?.tide.close({ deadline: 0 }) ?? Promise.resolve());
      }
    }
  }

  async #consume(tide: Tide, name: string, group: string): Promise<void> {
    const { clock } = this.#memory;
    const note = (kind: Deed["kind"], { data, entryId }: Message): void =>
      void this.#deeds.get(group)?.push({ kind, seq: Number(data), worker: name, entryId, at: clock.now() });
    const onSettled = ({ outcome, message }: Settlement): void => void (outcome === "acked" && note("acked", message));
    const retry = { maxRetries: 1_000, baseDelay: 100, maxDelay: 2_000 };
    await tide.consume("orders", { group, name, lease: 5_000, maxCrashes: 1_000, concurrency: 3, retry, onSettled }, async (message) => {
      note("begin", message);
      await new Promise<void>((resolve) => clock.after(this.#random() * 1_000, resolve));
      if (this.#random() < 0.1) throw new Error("bad luck");
      note("effect", message);
    });
  }

  async #publish(publisher: Tide): Promise<void> {
    const seq = this.#next++;
    const outcome = await publisher.publish("orders", { type: "order", data: seq, priority: seq % 3 === 0 ? "high" : "normal" }).then(
      () => "stored" as const,
      (error: unknown) => (error instanceof PublishUnknown ? ("unknown" as const) : ("refused" as const)),
    );
    this.#published.push({ seq, outcome });
  }

  async #misfortune(): Promise<void> {
    const { clock, faults } = this.#memory;
    const chance = this.#random();
    const victim = this.#workers[Math.floor(this.#random() * this.#workers.length)];
    if (victim === undefined) return;
    if (chance < 0.15) {
      faults.kill(victim.tide);
      this.#workers.splice(this.#workers.indexOf(victim), 1);
      await this.#hire(victim.group);
    } else if (chance < 0.25) {
      const resume = faults.pause(victim.tide);
      await clock.advance(this.#random() * 15_000);
      resume();
    } else if (chance < 0.3) {
      faults.cut({ downFor: this.#random() * 5_000 });
    } else if (chance < 0.35) {
      const thaw = faults.freeze();
      await clock.advance(this.#random() * 10_000);
      thaw();
    }
  }
}

/** Connections may still be on their way back. */
async function drained(tide: Tide): Promise<boolean> {
  const groups = await tide.groups.list("orders").catch(() => null);
  return groups?.every(({ lag, pending, retrying }) => lag + pending + retrying === 0) ?? false;
}
