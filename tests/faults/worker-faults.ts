/** Faults of a worker process: killed, stopped and woken after its lease, or with an event loop that stands still for longer than that. */
import { now } from "./effects.ts";
import type { Fault, Wound } from "./fault.ts";
import type { Strike } from "./schedule.ts";
import { Server } from "./server.ts";
import { LEASE, type Stage } from "./stage.ts";

export const workerKill: Fault = onOwnRedis("worker-kill", [0, 200], async (stage, victim) => {
  const from = now();
  await stage.crew.kill(victim);
  return {
    async heal() {
      await stage.crew.hire();
      return { victims: [{ victim, from }], evidence: `${victim} killed` };
    },
  };
});

/** It wakes with work that has long been somebody else's. */
export const workerStop: Fault = onOwnRedis("worker-stop", [2 * LEASE, 3 * LEASE], async (stage, victim) => {
  const from = now();
  stage.crew.signal(victim, "SIGSTOP");
  return {
    async heal() {
      stage.crew.signal(victim, "SIGCONT");
      return { victims: [{ victim, from }], evidence: `${victim} stopped for ${Math.round(now() - from)} ms` };
    },
  };
});

export const workerBlock: Fault = onOwnRedis("worker-block", [2 * LEASE, 3 * LEASE], async (stage, victim, strike) => {
  const from = now();
  await stage.crew.block(victim, strike.hold);
  return {
    heal: async () => ({ victims: [{ victim, from }], evidence: `${victim} blocked for ${strike.hold} ms` }),
  };
});

// Private

/** Messages the victim must be working on, or hitting it proves nothing. */
const IN_HAND = 2;

type Hit = (stage: Stage, victim: string, strike: Strike) => Promise<Wound>;

function onOwnRedis(name: Fault["name"], hold: Fault["hold"], hit: Hit): Fault {
  return {
    name,
    hold,
    async prepare() {
      const server = await Server.start();
      return {
        url: server.url,
        async strike(stage, strike) {
          const victim = stage.crew.names[strike.choice % stage.crew.names.length]!;
          await stage.witness.until(`${victim} has work in hand`, () => stage.witness.inHand(victim) >= IN_HAND);
          return await hit(stage, victim, strike);
        },
        [Symbol.asyncDispose]: () => server.stop(),
      };
    },
  };
}
