/** One schema per event type: publishing is checked, handlers get typed data, and what a foreign producer got wrong becomes a dead letter. */
import { EventEmitter, once } from "node:events";
import { connect, defineTopic, TidegateError, type Settlement } from "@tidegate/streams";
import { z } from "zod";

// Any library that speaks Standard Schema will do: zod, valibot, arktype, …
const orders = defineTopic({
  name: "orders",
  events: {
    order_placed: z.object({
      order: z.int(),
      total: z
        .string()
        .regex(/^\d+\.\d\d$/)
        .transform(Number),
    }),
    order_cancelled: z.object({ order: z.int(), reason: z.enum(["customer", "stock"]) }),
  },
});

await using tide = await connect({ namespace: "example-typed", service: "shop" });
const news = new EventEmitter();
const outcome = ({ message, outcome: happened }: Settlement): boolean => news.emit(`${message.type} ${happened}`);

await tide.consume(orders, { onSettled: outcome }, (message) => {
  // `message` is one of two shapes; its type tells which.
  if (message.type === "order_placed") console.log("placed", message.data.order, "for", message.data.total + 1, "with postage");
  else console.log("cancelled", message.data.order, "by", message.data.reason);
});

// What is stored is what was given; the handler gets what the schema makes of it (here a number).
await settled("order_placed acked", tide.publish(orders, { type: "order_placed", data: { order: 1, total: "41.00" } }));
await settled("order_cancelled acked", tide.publish(orders, { type: "order_cancelled", data: { order: 1, reason: "stock" } }));

// The compiler refuses wrong types; the schema refuses what the compiler cannot see. Nothing is stored.
await tide.publish(orders, { type: "order_placed", data: { order: 2, total: "free" } }).catch((error: TidegateError) => {
  console.log("refused:", error.code);
});

// A producer that does not know the contract: the message goes to the dead letters at once, and no handler sees it.
await settled("order_placed dead_lettered", tide.publish("orders", { type: "order_placed", data: { order: "three", total: "1.00" } }));
const { items } = await tide.deadLetters.list();
for (const { errorCode, message } of items) console.log("dead letter:", errorCode, message?.data);

async function settled(event: string, published: Promise<unknown>): Promise<void> {
  await Promise.all([once(news, event), published]);
}
