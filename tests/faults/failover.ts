/**
 * Sentinel failover to a replica that had been cut off: it is promoted without what the primary stored since the cut. `stored`
 * loses that, `replicated` does not, because its answers waited for the replica.
 */
import { now } from "./effects.ts";
import type { Damage, Fault, Wound } from "./fault.ts";
import { Network } from "./namespaces.ts";
import { SentinelSet } from "./sentinels.ts";
import type { Stage } from "./stage.ts";

export const failoverStored: Fault = kind("failover-stored");
export const failoverReplicated: Fault = kind("failover-replicated");

// Private

/** Messages that wait when the primary dies. */
const PILE = 150;

function kind(name: Fault["name"]): Fault {
  return {
    name,
    /** How long the primary goes on alone. */
    hold: [600, 3_000],
    missing: () => Network.missing(),
    async prepare() {
      const set = await SentinelSet.start();
      let failed = false;
      return {
        url: set.url,
        direct: () => set.primary,
        async strike(stage) {
          if (failed) await set.restore();
          failed = true;
          return isolate(stage, set, name === "failover-stored");
        },
        [Symbol.asyncDispose]: () => set[Symbol.asyncDispose](),
      };
    },
  };
}

async function isolate(stage: Stage, set: SentinelSet, pile: boolean): Promise<Wound> {
  const from = now();
  set.cut();
  return {
    async heal(): Promise<Damage> {
      const goOn = pile ? await stage.pileUp(PILE) : (): void => {};
      const killedAt = now();
      const promoted = set.failOver();
      goOn();
      await promoted;
      const alone = stage.load.published.filter((one) => one.answeredAt > from && one.answeredAt < killedAt);
      const stored = alone.filter((one) => one.outcome === "stored").length;
      return {
        victims: [{ victim: "*", from }],
        gone: ({ answeredAt }) => answeredAt > from,
        rewound: true,
        evidence: `${stored} confirmed in ${Math.round(killedAt - from)} ms of isolation, the replica promoted ${Math.round(now() - killedAt)} ms after the kill`,
      };
    },
  };
}
