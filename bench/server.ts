/**
 * The servers of a run: one Redis for all peers that use Redis (AOF everysec, noeviction) and one nats-server (file store), each with
 * a folder of its own on loopback, emptied between parts.
 */
import { createClient } from "@redis/client";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { startNats } from "./nats.ts";
import type { PeerName } from "./peers/index.ts";
import { emptyJetStream } from "./peers/jetstream.ts";

export interface Servers {
  readonly redis: RedisServer;
  urlOf(peer: PeerName): string;
  /** Removes everything the earlier parts left. */
  empty(): Promise<void>;
}

export async function withServers<R>(task: (servers: Servers) => Promise<R>): Promise<R> {
  await using redis = await startRedis();
  await using nats = await startNats();
  return await task({
    redis,
    urlOf: (peer) => (peer === "jetstream" ? nats.url : redis.url),
    empty: async () => {
      await flush(redis);
      await emptyJetStream(nats.url);
    },
  });
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

// Private

async function flush(server: RedisServer): Promise<void> {
  const client = createClient({ url: server.url });
  await client.connect();
  await client.flushAll();
  await client.close();
}
