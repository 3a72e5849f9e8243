/**
 * The contract of the library, as tests that know neither where the server runs nor what time is: the same ones hold on redis-server,
 * on valkey-server and on the in-memory double. A world is one namespace on such a server.
 */
import { test } from "node:test";
import type { Reply } from "../../store.ts";
import type { ConnectOptions, Tide } from "../../tide.ts";

export interface World extends AsyncDisposable {
  readonly namespace: string;
  /** Closed with the world. */
  connect(options?: ConnectOptions): Promise<Tide>;
  /** A connection whose answers to publishes can get lost on the way. */
  connectLossy(options?: ConnectOptions): Promise<Lossy>;
  /** One command past the library. */
  call(...args: string[]): Promise<Reply>;
}

export interface Lossy {
  readonly tide: Tide;
  /** The next publish is stored and its connection ends before the answer; `thenRefuse` allows no new one until `accept`. */
  readonly loseNextAnswer: (options?: { thenRefuse: boolean }) => void;
  readonly accept: () => void;
}

export type Contract = Readonly<Record<string, (world: World) => Promise<void>>>;

export function holds(contract: Contract, open: () => Promise<World>): void {
  for (const [sentence, prove] of Object.entries(contract))
    void test(sentence, async () => {
      await using world = await open();
      await prove(world);
    });
}
