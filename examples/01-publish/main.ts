/** Publishing: one message, several at once, and what the answer promises. */
import { connect, TidegateError } from "@tidegate/streams";

await using tide = await connect({ namespace: "example-publish", service: "shop" });

// "stored": Redis has it. If the connection were lost before the answer, this would reject with PublishUnknown.
const receipt = await tide.publish("orders", { type: "order_placed", data: { order: 42, total: 99.9 }, priority: "high" });
console.log(receipt.status, "in", receipt.stream);

// Not atomic: each message has its own result, in the order given.
const results = await tide.publishMany("orders", [
  { type: "order_paid", data: { order: 42 } },
  { type: "order_packed", data: { order: 42, note: "x".repeat(2 * 1024 * 1024) } },
  { type: "order_shipped", data: { order: 42 } },
]);
for (const result of results) console.log(result.ok ? result.receipt.status : `refused: ${(result.error as TidegateError).code}`);

// Reading belongs to no group and changes nothing.
for await (const message of tide.read("orders")) console.log(message.priority, message.type, JSON.stringify(message.data));
