/** What the server is and can do, found by asking it: version strings lie, and Valkey and Redis number differently. */
import type { Capabilities } from "../views.ts";
import type { Link } from "./link.ts";
import { list } from "./shapes.ts";

/** Commands newer than the oldest supported server. https://redis.io/docs/latest/commands/command-info/ */
const OPTIONAL = ["WAITAOF", "XDELEX", "XACKDEL", "XNACK"] as const;

export async function capabilitiesOf(link: Link): Promise<Capabilities> {
  const [info, commands] = await Promise.all([link.ask(["INFO"]), link.ask(["COMMAND", "INFO", ...OPTIONAL])]);
  const fields = new Map(
    String(info)
      .split("\r\n")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const),
  );
  const found = list(commands);
  return {
    server: fields.has("valkey_version") ? "valkey" : "redis",
    version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "unknown",
    role: fields.get("role") === "slave" ? "replica" : "primary",
    commands: OPTIONAL.filter((_, index) => list(found[index]).length > 0),
  };
}
