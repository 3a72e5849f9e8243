/**
 * The testing kit: the library against a server in memory and in virtual time, faults on demand, and a judge of what came of it.
 * Nothing here is needed at run time; the double needs `npm install -D wasmoon`.
 *
 * ```ts
 * await using memory = createMemory();
 * const tide = await memory.connect({ service: "orders" });
 * await tide.consume("orders", { retry: { baseDelay: 60_000 } }, handler);
 * await tide.publish("orders", { type: "order_placed", data: { id: 7 } });
 * await memory.clock.advance(3_600_000); // an hour of retries, in a moment
 * memory.faults.loseAnswer("publish"); // the next publish is stored, and nobody hears of it
 * ```
 */
export { judge } from "./checker.ts";
export type { Deed, History, Kill, Published, Verdict } from "./checker.ts";
export { createMemory } from "./memory/memory.ts";
export type { Memory, MemoryFaults, MemoryOptions } from "./memory/memory.ts";
export type { CommandMatch, Often, RandomFaults } from "./memory/faults.ts";
export { VirtualClock } from "./memory/virtual-clock.ts";
export type { VirtualClockOptions } from "./memory/virtual-clock.ts";
export { startRedis } from "./redis-server.ts";
export type { RedisServer } from "./redis-server.ts";
