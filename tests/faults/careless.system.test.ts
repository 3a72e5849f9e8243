/** Negative controls: the same runs with workers that do one thing wrong must be condemned, each for its own crime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "./fault.ts";
import { runFault } from "./run.ts";
import { Seed } from "./seed.ts";
import { Server } from "./server.ts";
import { workerKill } from "./worker-faults.ts";
import type { Sin } from "./worker.ts";

/** A worker leaves as its program thinks is orderly; nothing is in doubt then, so nothing is excused. */
const workerLeaves: Fault = {
  name: "worker-kill",
  hold: [0, 0],
  async prepare() {
    const server = await Server.start();
    return {
      url: server.url,
      async strike(stage, { choice }) {
        const name = stage.crew.names[choice % stage.crew.names.length]!;
        await stage.crew.release(name);
        return { heal: async () => (await stage.crew.hire(), { victims: [], evidence: `${name} left` }) };
      },
      [Symbol.asyncDispose]: () => server.stop(),
    };
  },
};

const CRIMES: readonly [sin: Sin, fault: Fault, condemned: RegExp][] = [
  ["ack-before-effect", workerKill, /acknowledged before its effect/],
  ["ack-on-error", workerLeaves, /lost: answered stored, never had an effect/],
  ["no-ack", workerKill, /lost: answered stored, never had an effect/],
  ["delete-consumer-on-shutdown", workerLeaves, /lost: answered stored, never had an effect/],
];

test("workers that do one thing wrong are condemned", { timeout: 90_000, concurrency: 2 }, async (context) => {
  await Promise.all(
    CRIMES.map(([sin, fault, condemned]) =>
      context.test(sin, { timeout: 60_000 }, async (crime) => {
        const plan = { seed: Seed.fromEnvironment().value, strikes: 3, gap: 150, sin, report: (text: string) => crime.diagnostic(text) };
        const { problems } = await runFault(fault, plan);
        assert.match(problems.join("\n"), condemned);
        crime.diagnostic(problems.join("; "));
      }),
    ),
  );
});
