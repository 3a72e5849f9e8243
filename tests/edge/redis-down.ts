/**
 * Redis killed under load and started again: what clients saw meanwhile, and whether every request is either recorded or counted as not recorded. Redis
 * itself may lose the last second before it was killed (AOF everysec).
 */
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@redis/client";
import { until } from "../../packages/streams/src/testing/events.ts";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { Load, type LoadFigures } from "./load.ts";
import { Product } from "./product.ts";
import { RecordingUpstream } from "./recording-upstream.ts";

export interface RedisDown {
  readonly load: LoadFigures;
  /** Dropped by the buffer, or never meant to be told one by one. */
  readonly unrecorded: number;
  readonly recorded: number;
  readonly recordedAfter: number;
  readonly problems: readonly string[];
}

const HOST = "redis-down.test";
const STREAM = "logs:request:stream";
/** Milliseconds of load before Redis is killed. */
const BEFORE = 1_000;

export async function runRedisDown({ seconds, rate }: { seconds: number; rate: number }): Promise<RedisDown> {
  await using redis = await startRedis();
  await using upstream = await RecordingUpstream.start({ keep: false });
  await using product = await Product.up({ redisUrl: redis.url });
  await product.target(HOST, `http://127.0.0.1:${upstream.port}`);
  const edge = product.pids("edge");
  const load = new Load({ port: product.port, host: HOST, rate });
  await pause(BEFORE);
  await redis.kill("SIGKILL");
  await pause(seconds * 1_000);
  await redis.start();
  const back = await recordedIn(redis);
  await until("requests being recorded again", async () => (await recordedIn(redis)) > back, 60_000);
  const figures = await load.stop();
  const counted = async (): Promise<{ recorded: number; unrecorded: number }> => ({
    recorded: await recordedIn(redis),
    unrecorded: dropped(product.log()),
  });
  const enough = figures.sent - 2 * rate;
  await until("every request being recorded or counted", async () => sum(await counted()) >= enough, 60_000).catch(() => {});
  const { recorded, unrecorded } = await counted();
  const problems = [
    ...(figures.answered === figures.sent ? [] : [`only ${figures.answered} of ${figures.sent} requests were answered with 200`]),
    ...(recorded + unrecorded >= enough ? [] : [`${recorded} recorded and ${unrecorded} counted are not ${figures.sent}`]),
    ...(product.pids("edge").join() === edge.join() ? [] : ["an edge worker died"]),
  ];
  return { load: figures, unrecorded, recorded, recordedAfter: recorded - back, problems };
}

// Private

function sum({ recorded, unrecorded }: { recorded: number; unrecorded: number }): number {
  return recorded + unrecorded;
}

/** Ever: trimming takes nothing off it. */
async function recordedIn({ url }: RedisServer): Promise<number> {
  const client = createClient({ url, RESP: 2 });
  await client.connect();
  try {
    const reply = await client.sendCommand<(string | number)[]>(["XINFO", "STREAM", STREAM]).catch((): (string | number)[] => []);
    return Number(reply[reply.indexOf("entries-added") + 1] ?? 0);
  } finally {
    client.destroy();
  }
}

/** As the edge tells in its log once there is room again. */
function dropped(log: string): number {
  const counts = log.matchAll(/"logs:request:stream":(\d+)/g);
  return [...counts].reduce((all, [, count]) => all + Number(count), 0);
}
