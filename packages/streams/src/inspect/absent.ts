/** What is not there is an answer to whoever only looks: a lane nobody has written to, a group that begins on one lane only. */
import type { Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import { RedisFault } from "../redis/replies.ts";

/** Null where the key or the group is missing. */
export async function askOrNull(link: Link, args: string[]): Promise<Reply> {
  try {
    return await link.ask(args);
  } catch (error) {
    if (error instanceof RedisFault && (error.reaction === "regroup" || ABSENT.test(error.message))) return null;
    throw error;
  }
}

// Private

const ABSENT = /no such key|requires the key to exist/;
