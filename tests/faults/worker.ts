/** The process that gets killed: consumes with the library, its handler's effect is written down by the witness. */
import { connect } from "@tidegate/streams";
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
  /** Negative control: let the message be acknowledged first and have its effect later. The judge must condemn it. */
  readonly careless?: boolean;
}

/** Milliseconds between a careless acknowledgement and the effect it promised. */
const CARELESS_DELAY = 20;

const order = JSON.parse(process.argv[2] ?? "null") as WorkerOrder;
const reporter = new Reporter(order.socket, order.name);
const tide = await connect({ url: order.url, namespace: "faults", service: order.name });
const { name, group, lease, concurrency, batch } = order;
const consumer = await tide.consume(
  order.topic,
  {
    name,
    group,
    lease,
    concurrency,
    batch,
    from: "beginning",
    onSettled: ({ outcome, message }) => void (outcome === "acked" && reporter.tell("acked", sequence(message.data), message.entryId)),
  },
  async (message) => {
    const seq = sequence(message.data);
    reporter.tell("begin", seq, message.entryId);
    const effect = (): Promise<void> => reporter.effect(seq, message.entryId);
    if (order.careless === true) setTimeout(effect, CARELESS_DELAY);
    else await effect();
  },
);
process.on("disconnect", () => process.exit(0));
process.on("message", () => void leave());
process.send?.("ready");
await consumer.closed;

// Private

async function leave(): Promise<void> {
  await tide.close();
  process.exit(0);
}

function sequence(data: unknown): number {
  return (data as { seq: number }).seq;
}
