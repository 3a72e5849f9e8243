/** What the server is and can do, found by asking it: version strings lie, and Valkey and Redis number differently. */
import type { Capabilities } from "../views.ts";
import type { Link } from "./link.ts";
import type { Reply } from "../store.ts";
import { RedisFault } from "./replies.ts";
import { list } from "./shapes.ts";

/** Commands newer than the oldest supported server. All of them need arguments. */
const OPTIONAL = ["WAITAOF", "XDELEX", "XACKDEL", "XNACK"] as const;

export async function capabilitiesOf(link: Link): Promise<Capabilities> {
  const [info, commands] = await Promise.all([link.ask(["INFO"]), optionalCommands(link)]);
  const fields = new Map(
    String(info)
      .split("\r\n")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const),
  );
  return {
    server: fields.has("valkey_version") ? "valkey" : "redis",
    version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "unknown",
    role: fields.get("role") === "slave" ? "replica" : "primary",
    commands,
  };
}

// Private

/** https://redis.io/docs/latest/commands/command-info/ */
async function optionalCommands(link: Link): Promise<readonly string[]> {
  let answer: Reply;
  try {
    answer = await link.ask(["COMMAND", "INFO", ...OPTIONAL]);
  } catch (error) {
    if (!(error instanceof RedisFault) || error.code !== "ACCESS_DENIED") throw error;
    const known = await Promise.all(OPTIONAL.map((name) => knows(link, name)));
    return OPTIONAL.filter((_, index) => known[index]);
  }
  return OPTIONAL.filter((_, index) => list(list(answer)[index]).length > 0);
}

/** Called without its arguments a command does nothing, and only one the server does not have is called unknown. */
async function knows(link: Link, name: string): Promise<boolean> {
  try {
    await link.ask([name]);
    return true;
  } catch (error) {
    if (!(error instanceof RedisFault) || error.reaction === "reconnect") throw error;
    return !/unknown command/i.test(error.message);
  }
}
