/** The contract on the in-memory double, in virtual time. */
import { describe } from "node:test";
import type { ConnectOptions, Tide } from "../../tide.ts";
import { createMemory } from "../memory/memory.ts";
import { CONTRACT } from "./all.ts";
import { holds, type World } from "./world.ts";

describe("like Redis", () => holds(CONTRACT, () => open("redis")));
describe("like Valkey", () => holds(CONTRACT, () => open("valkey")));

async function open(server: "redis" | "valkey"): Promise<World> {
  const memory = createMemory({ autoAdvance: true, server });
  const connect = (options: ConnectOptions = {}): Promise<Tide> =>
    memory.connect({ namespace: "contract", service: "contract", ...options });
  const world: World = {
    namespace: "contract",
    connect,
    connectLossy: async (options) => ({
      tide: await connect(options),
      loseNextAnswer: ({ thenRefuse } = { thenRefuse: false }) =>
        memory.faults.loseAnswer("publish", { downFor: thenRefuse ? 3_600_000 : 0 }),
      accept: () => memory.faults.clear(),
    }),
    call: (...args) => memory.call(...args),
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
  };
  return world;
}
