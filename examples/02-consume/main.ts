/** Two groups read the same topic: every group gets every message, within a group each message goes to one consumer. */
import { connect } from "@tidegate/streams";

await using tide = await connect({ namespace: "example-consume", service: "shop" });
const stock: string[] = [];
const mails: string[] = [];
const done = Promise.withResolvers<void>();
const count = (): void => void (stock.length + mails.length === 6 && done.resolve());

// `from` counts for a new group only; an existing one goes on where it was. Returning from the handler acknowledges.
await tide.consume("orders", { group: "stock", from: "beginning" }, (message) => {
  stock.push(message.type);
  count();
});
await tide.consume("orders", { group: "mails", from: "beginning" }, (message) => {
  mails.push(message.type);
  count();
});

for (const type of ["order_placed", "order_paid", "order_shipped"]) await tide.publish("orders", { type, data: { order: 42 } });
await done.promise;
console.log("stock:", stock.toSorted().join(" "));
console.log("mails:", mails.toSorted().join(" "));
