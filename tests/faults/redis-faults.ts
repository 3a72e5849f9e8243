/** Faults of the Redis process and of its connections: killed, stopped, every client thrown out again and again. */
import { now } from "./effects.ts";
import type { Fault, Wound } from "./fault.ts";
import type { Strike } from "./schedule.ts";
import { Server } from "./server.ts";
import { LEASE, withRedis, type Stage } from "./stage.ts";

export const redisKill: Fault = onRedis("redis-kill", [0, 1_500], async (server) => {
  const from = now();
  await server.kill("SIGKILL");
  return {
    async heal() {
      await server.start();
      return { victims: [{ victim: "*", from }], evidence: `away for ${Math.round(now() - from)} ms` };
    },
  };
});

/** Its sockets stay open and take bytes, but nothing answers; longer than the lease, so every lease has run out when it goes on. */
export const redisStop: Fault = onRedis("redis-stop", [LEASE + 500, 2 * LEASE], async (server) => {
  const from = now();
  await server.kill("SIGSTOP");
  return {
    async heal() {
      await server.kill("SIGCONT");
      return { victims: [{ victim: "*", from }], evidence: `silent for ${Math.round(now() - from)} ms` };
    },
  };
});

/** Throws out every client some times per second for as long as the strike lasts. */
export const clientKill: Fault = onRedis("client-kill", [600, 1_500], async (server, _stage, strike) => {
  const storm = new AbortController();
  const raging = throwOut(server.url, 80 + (strike.choice % 120), storm.signal);
  raging.catch(() => {});
  return {
    async heal() {
      storm.abort();
      const { waves, killed } = await raging;
      return {
        victims: waves.map((from) => ({ victim: "*", from })),
        evidence: killed === 0 ? "" : `${killed} connections in ${waves.length} waves`,
      };
    },
  };
});

/** Stops only what it was told to: the server is nobody else's. */
export function onRedis(
  name: Fault["name"],
  hold: Fault["hold"],
  hit: (server: Server, stage: Stage, strike: Strike) => Promise<Wound>,
): Fault {
  return {
    name,
    hold,
    async prepare() {
      const server = await Server.start();
      return {
        url: server.url,
        strike: (stage, strike) => hit(server, stage, strike),
        [Symbol.asyncDispose]: () => server.stop(),
      };
    },
  };
}

// Private

async function throwOut(url: string, pause: number, signal: AbortSignal): Promise<{ waves: number[]; killed: number }> {
  const waves: number[] = [];
  let killed = 0;
  await withRedis(url, async (call) => {
    while (!signal.aborted) {
      waves.push(now());
      killed += Number(await call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  });
  return { waves, killed };
}
