/** What a publish waits for: the server alone, or replicas as well. Too few replicas is an answer of its own, not a failure to store. */
import { connect, NotReplicated } from "@tidegate/streams";

await using tide = await connect({ namespace: "example-durability", service: "bank" });

const stored = await tide.publish("payments", { type: "paid", data: { amount: 10 } });
console.log("first:", stored.status);

// This server has no replica, so nobody confirms within 100 ms. The message is stored all the same: do not publish it again.
try {
  await tide.publish("payments", { type: "paid", data: { amount: 20 } }, { durability: { replicas: 1, timeout: 100 } });
} catch (error) {
  if (!(error instanceof NotReplicated)) throw error;
  console.log("second:", error.code, `${error.confirmed} of ${error.wanted}`);
}

const amounts = await Array.fromAsync(tide.read("payments"), ({ data }) => (data as { amount: number }).amount);
console.log("in the topic:", amounts.join(", "));
