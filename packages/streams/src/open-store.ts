/** A connection to a Redis that is not ours: to read and move what other programs keep there. Nothing is checked or written by itself. */
import { parseEndpoint } from "./redis/endpoint.ts";
import { RedisLink } from "./redis/link.ts";
import { OwnStore } from "./redis/own-store.ts";
import type { Store } from "./store.ts";

/** Milliseconds a command may stay unanswered. */
const DEADLINE = 5_000;

/**
 * Connects to `redis://…`, `rediss://…` or `redis+sentinel://…` (the system's trust); rejects with the reason after 5 seconds.
 * `where` names the option for errors.
 */
export async function openStore(url: string, where: string): Promise<Store> {
  const link = new RedisLink({ endpoint: parseEndpoint(url, where), name: "tidegate.foreign", deadline: DEADLINE });
  try {
    await link.whenUp(DEADLINE);
    return new OwnStore(link, () => {});
  } catch (error) {
    link.close();
    throw error;
  }
}
