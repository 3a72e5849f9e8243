/** The network between Redis and everybody else: cut both ways, or only on the way back, without any socket being told. */
import { now } from "./effects.ts";
import type { Fault } from "./fault.ts";
import { Network, type Machine } from "./namespaces.ts";
import { Server } from "./server.ts";
import { LEASE } from "./stage.ts";

/** From below the lease to beyond the time after which a silent connection is given up. */
const HOLD: Fault["hold"] = [LEASE - 700, 8_000];

export const networkCut: Fault = onNetwork(
  "network-cut",
  (machine) => machine.unplug(),
  (machine) => machine.plug(),
);

/** Commands still arrive and are carried out; their answers are gone. */
export const networkHalfOpen: Fault = onNetwork(
  "network-half-open",
  (machine, here) => machine.mute(here),
  (machine, here) => machine.unmute(here),
);

// Private

function onNetwork(
  name: Fault["name"],
  cut: (machine: Machine, here: string) => void,
  mend: (machine: Machine, here: string) => void,
): Fault {
  return {
    name,
    hold: HOLD,
    missing: () => Network.missing(),
    async prepare() {
      await using opened = new AsyncDisposableStack();
      const network = opened.use(Network.open());
      const machine = network.join();
      const server = opened.use(await Server.start({ host: machine.address, wrap: machine.wrap }));
      const rest = opened.move();
      return {
        url: server.url,
        async strike() {
          const from = now();
          cut(machine, network.gateway);
          return {
            async heal() {
              mend(machine, network.gateway);
              return { victims: [{ victim: "*", from }], evidence: `no answers for ${Math.round(now() - from)} ms` };
            },
          };
        },
        [Symbol.asyncDispose]: () => rest.disposeAsync(),
      };
    },
  };
}
