/** The process that is hit: consumes with the library; its handler's effect is written down by the witness. */
import { connect, type Settlement } from "@tidegate/streams";
import { Reporter } from "./effects.ts";

export interface WorkerOrder {
  readonly name: string;
  readonly url: string;
  readonly socket: string;
  readonly topic: string;
  readonly group: string;
  readonly lease: number;
  readonly concurrency: number;
  readonly batch: number;
  /** Milliseconds a handler takes before its effect, so that there is work in flight to be hit. */
  readonly effort: number;
  /** What a careless worker does wrong; the library's own ignores it. */
  readonly sin?: Sin;
}

/** The classic ways to lose messages, for the negative controls. */
export type Sin = "ack-before-effect" | "ack-on-error" | "no-ack" | "delete-consumer-on-shutdown";

const order = JSON.parse(process.argv[2] ?? "null") as WorkerOrder;
const reporter = new Reporter(order.socket, order.name);
const tide = await connect({ url: order.url, namespace: "faults", service: order.name });
const { name, group, lease, concurrency, batch } = order;
const options = { name, group, lease, concurrency, batch, from: "beginning", onSettled: settled };
const consumer = await tide.consume(order.topic, options, async (message) => {
  const seq = sequence(message.data);
  reporter.tell("begin", seq, message.entryId);
  await new Promise((resolve) => setTimeout(resolve, order.effort));
  await reporter.effect(seq, message.entryId);
});
process.on("disconnect", () => process.exit(0));
process.on("message", (word: "stop" | { block: number }) => (word === "stop" ? void leave() : block(word.block)));
process.send?.("ready");
await consumer.closed;

// Private

function settled({ outcome, message }: Settlement): void {
  if (outcome === "acked") reporter.tell("acked", sequence(message.data), message.entryId);
  if (outcome === "lost") reporter.tell("fenced", sequence(message.data), message.entryId);
}

/** The event loop stands still, and nothing in this process can know it. */
function block(ms: number): void {
  process.send?.("blocking");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function leave(): Promise<void> {
  await tide.close();
  process.exit(0);
}

function sequence(data: unknown): number {
  return (data as { seq: number }).seq;
}
