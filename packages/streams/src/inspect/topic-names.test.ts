import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { VirtualClock } from "../testing/memory/virtual-clock.ts";
import { TopicNames } from "./topic-names.ts";

describe("TopicNames", () => {
  it("walks anew each time while that is quick", async () => {
    const { names, walks, clock } = make(1);
    await settled(names.all(), clock);
    await settled(names.all(), clock);
    assert.equal(walks(), 2);
  });

  it("keeps the answer of a slow walk for twenty times as long, and no longer", async () => {
    const { names, walks, clock } = make(100);
    assert.deepEqual(await settled(names.all(), clock), ["assets", "orders"]);
    await clock.advance(1_900);
    await settled(names.all(), clock);
    assert.equal(walks(), 1);
    await clock.advance(200);
    await settled(names.all(), clock);
    assert.equal(walks(), 2);
  });

  it("shares one walk among those who ask at the same moment", async () => {
    const { names, walks, clock } = make(100);
    const both = Promise.all([names.all(), names.all()]);
    await settled(both, clock);
    assert.equal(walks(), 1);
  });

  it("walks again when this process uses a topic for the first time, or has removed one", async () => {
    const { names, walks, clock } = make(100);
    await settled(names.all(), clock);
    names.use("orders");
    await settled(names.all(), clock);
    names.use("orders");
    await settled(names.all(), clock);
    assert.equal(walks(), 2);
    names.forget();
    await settled(names.all(), clock);
    assert.equal(walks(), 3);
  });
});

/** A Redis whose one page of keys takes so many milliseconds. */
function make(took: number) {
  const clock = new VirtualClock();
  let walks = 0;
  const ask = async (): Promise<string[] | [string, string[]]> => {
    walks++;
    await new Promise<void>((done) => clock.after(took, done));
    return ["0", ["t:orders:events", "t:orders:events:high", "t:assets:events", "t:dead_letter:events", "other:x:events"]];
  };
  const names = new TopicNames({ ask } as unknown as Link, new Keys("t"), clock);
  return { names, clock, walks: () => walks };
}

async function settled<T>(answer: Promise<T>, clock: VirtualClock): Promise<T> {
  await clock.advance(100);
  return await answer;
}
