/** The deep check: one message through a topic of its own, published, consumed, acknowledged, and nothing left behind. */
import { randomBytes } from "node:crypto";
import type { Tide } from "@tidegate/streams";
import { messageOf } from "../errors.ts";
import { fail, ok, type RedisCheck } from "./check.ts";

const TIME_LIMIT = 10_000;

export const roundTrip: RedisCheck = async ({ tide }) => {
  const topic = `tidegate-doctor-${randomBytes(6).toString("hex")}`;
  try {
    return ok("round trip", `published, consumed and acknowledged in ${(await sendOne(tide, topic)).toFixed(1)} ms`);
  } catch (error) {
    return fail("round trip", messageOf(error), "Look at the other checks first, then at the Redis log and the user's rights (ACL).");
  } finally {
    await tide.removeTopic(topic);
  }
};

// Private

async function sendOne(tide: Tide, topic: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const limit = setTimeout(() => reject(new Error(`The message did not come back within ${TIME_LIMIT / 1000} s.`)), TIME_LIMIT);
  let started = 0;
  const consumer = await tide.consume(topic, { from: "beginning", onSettled: () => resolve(performance.now() - started) }, () => {});
  try {
    started = performance.now();
    await tide.publish(topic, { type: "doctor_round_trip", data: { from: "tidegate doctor" } });
    return await promise;
  } finally {
    clearTimeout(limit);
    await consumer.stop();
  }
}
