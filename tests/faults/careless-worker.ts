/**
 * A worker as it should not be, on plain Redis commands: one sin at a time, everything else right. The judge must condemn each;
 * one that cannot has no business in acquitting the library.
 */
import { createClient } from "@redis/client";
import { Reporter } from "./effects.ts";
import type { WorkerOrder } from "./worker.ts";

const order = JSON.parse(process.argv[2] ?? "null") as WorkerOrder;
const { name, group, sin } = order;
const events = `faults:${order.topic}:events`;
const reporter = new Reporter(order.socket, name);
const reader = createClient({ url: order.url, RESP: 2 });
const writer = createClient({ url: order.url, RESP: 2 });
await Promise.all([reader.connect(), writer.connect()]);
process.on("disconnect", () => process.exit(0));
process.on("message", () => void leave());
let leaving = false;
process.send?.("ready");
while (!leaving) {
  const more = ["GROUP", group, name, "COUNT", String(order.batch), "BLOCK", "200", ...(sin === "no-ack" ? ["NOACK"] : [])];
  const reply = await reader.sendCommand<[string, [string, string[]][]][] | null>(["XREADGROUP", ...more, "STREAMS", events, ">"]);
  await Promise.all((reply?.[0]?.[1] ?? []).map(([id, fields]) => handle(id, fields)));
}
process.exit(0);

// Private

async function handle(id: string, fields: readonly string[]): Promise<void> {
  const { seq } = JSON.parse(fields[fields.indexOf("data") + 1]!) as { seq: number };
  reporter.tell("begin", seq, id);
  if (sin === "ack-before-effect") await acknowledge(seq, id);
  await new Promise((resolve) => setTimeout(resolve, order.effort));
  // Its effect fails now and then. To acknowledge all the same is to lose it.
  if (sin !== "ack-on-error" || seq % 20 !== 0) await reporter.effect(seq, id);
  if (sin !== "ack-before-effect") await acknowledge(seq, id);
}

async function acknowledge(seq: number, id: string): Promise<void> {
  if (sin !== "no-ack") await writer.sendCommand(["XACK", events, group, id]);
  reporter.tell("acked", seq, id);
}

/** After the work in hand; or in the way of some libraries, at once, and with the consumer goes its pending list. */
async function leave(): Promise<void> {
  leaving = true;
  if (sin !== "delete-consumer-on-shutdown") return;
  await writer.sendCommand(["XGROUP", "DELCONSUMER", events, group, name]);
  process.exit(0);
}
