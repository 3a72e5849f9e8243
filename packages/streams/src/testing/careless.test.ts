/**
 * The judge against workers that are wrong on purpose: each commits one sin, all else is right, and each must be condemned for it.
 * They speak plain commands to the server in memory; the history is written by the test, not by them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, type Deed, type Kill, type Verdict } from "./checker.ts";
import { createMemory, type Memory } from "./memory/memory.ts";

type Sin = "none" | "acknowledges before the effect" | "acknowledges on error" | "never acknowledges" | "removes its consumer on shutdown";

const MESSAGES = 20;
/** Read by the first worker and under way when it dies. */
const HELD = 5;
/** Its first attempt has no effect. */
const FAILS_ONCE = 7;

test("a careful worker that is killed passes the judge, with what was in flight delivered twice", async () => {
  const verdict = await trial("none");
  assert.deepEqual(verdict.problems, []);
  assert.deepEqual([verdict.stored, verdict.duplicates.length], [MESSAGES, 1]);
});

test("a worker that acknowledges before the effect and dies in between loses what it held", async () => {
  condemned(await trial("acknowledges before the effect"), /5 lost: .*: 1, 2, 3, 4, 7\n.*acknowledged before its effect/);
});

test("a worker that acknowledges although its effect failed loses the message", async () => {
  condemned(await trial("acknowledges on error"), /1 lost: .*: 7\n.*1 acknowledged before its effect: 7/);
});

test("a worker that never acknowledges leaves the group undrained", async () => {
  condemned(await trial("never acknowledges"), /not drained: pending 20/);
});

test("a worker that removes its consumer on shutdown loses what that one held", async () => {
  condemned(await trial("removes its consumer on shutdown"), /4 lost: .*: 1, 2, 3, 4/);
});

function condemned(verdict: Verdict, reason: RegExp): void {
  assert.match(verdict.problems.join("\n"), reason);
}

/** A first worker reads some messages, has one effect, and dies; a second one takes over what it left and does the rest. */
async function trial(sin: Sin): Promise<Verdict> {
  await using memory = createMemory();
  await memory.call("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  for (let seq = 0; seq < MESSAGES; seq++) await memory.call("XADD", "s", "*", "seq", String(seq));
  const deeds: Deed[] = [];
  const first = new Worker(memory, "first", sin, deeds);
  await first.take(await first.read(HELD), 1);
  const kills: Kill[] = [{ victim: "first", from: memory.clock.now(), until: memory.clock.now() }];
  if (sin === "removes its consumer on shutdown") await memory.call("XGROUP", "DELCONSUMER", "s", "g", "first");
  await memory.clock.advance(60_000);
  const second = new Worker(memory, "second", sin, deeds);
  await second.take(await second.claim(30_000));
  await second.take(await second.read(MESSAGES));
  await second.take(await second.claim(0));
  const [pending] = (await memory.call("XPENDING", "s", "g")) as [number];
  const published = Array.from({ length: MESSAGES }, (_, seq) => ({ seq, outcome: "stored" as const }));
  return judge({ published, deeds, kills, inFlightBound: HELD, left: { pending, lag: 0, retrying: 0 } });
}

type Row = [id: string, fields: string[]];

class Worker {
  readonly #memory: Memory;
  readonly #name: string;
  readonly #sin: Sin;
  readonly #deeds: Deed[];

  constructor(memory: Memory, name: string, sin: Sin, deeds: Deed[]) {
    [this.#memory, this.#name, this.#sin, this.#deeds] = [memory, name, sin, deeds];
  }

  async read(count: number): Promise<Row[]> {
    const reply = await this.#memory.call("XREADGROUP", "GROUP", "g", this.#name, "COUNT", String(count), "STREAMS", "s", ">");
    return (reply as [[string, Row[]]] | null)?.[0][1] ?? [];
  }

  async claim(idle: number): Promise<Row[]> {
    if (this.#sin === "never acknowledges" && idle === 0) return [];
    return ((await this.#memory.call("XAUTOCLAIM", "s", "g", this.#name, String(idle), "0")) as [string, Row[]])[1];
  }

  /** Begins all of them at once; dies after so many effects, before their acknowledgement. */
  async take(rows: readonly Row[], diesAfter = Number.POSITIVE_INFINITY): Promise<void> {
    for (const row of rows) this.#note("begin", row);
    if (this.#sin === "acknowledges before the effect") for (const row of rows) await this.#acknowledge(row);
    for (const row of rows.slice(0, diesAfter)) await this.#handle(row, diesAfter);
  }

  async #handle(row: Row, diesAfter: number): Promise<void> {
    await this.#memory.clock.advance(1);
    const attempts = this.#deeds.filter((deed) => deed.kind === "begin" && deed.seq === sequence(row)).length;
    const failed = sequence(row) === FAILS_ONCE && attempts === 1;
    if (!failed) this.#note("effect", row);
    if (Number.isFinite(diesAfter) || this.#sin === "never acknowledges" || this.#sin === "acknowledges before the effect") return;
    if (!failed || this.#sin === "acknowledges on error") await this.#acknowledge(row);
  }

  async #acknowledge(row: Row): Promise<void> {
    await this.#memory.call("XACK", "s", "g", row[0]);
    this.#note("acked", row);
  }

  #note(kind: Deed["kind"], row: Row): void {
    this.#deeds.push({ kind, seq: sequence(row), worker: this.#name, entryId: row[0], at: this.#memory.clock.now() });
  }
}

function sequence([, fields]: Row): number {
  return Number(fields[1]);
}
