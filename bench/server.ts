/** The one Redis all peers share: real, AOF everysec, noeviction, its own folder, loopback; emptied between parts. */
import { createClient } from "redis";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";

export async function withServer<R>(task: (server: RedisServer) => Promise<R>): Promise<R> {
  await using server = await startRedis();
  return await task(server);
}

export async function empty(server: RedisServer): Promise<void> {
  const client = createClient({ url: server.url });
  await client.connect();
  await client.flushAll();
  await client.close();
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
