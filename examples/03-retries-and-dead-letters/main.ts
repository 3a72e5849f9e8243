/** A handler fails twice and then works; another message is beyond help; its dead letter is replayed once the cause is mended. */
import { EventEmitter, once } from "node:events";
import { connect, Unrecoverable, type Settlement } from "@tidegate/streams";

await using tide = await connect({ namespace: "example-retries", service: "billing" });
const news = new EventEmitter();
let addressKnown = false;

// 1 + 3 attempts; before each retry a random part of 20, 40, 80 ms (the defaults are 1, 2, 4 s).
const retry = { maxRetries: 3, baseDelay: 20 };
await tide.consume("invoices", { from: "beginning", retry, onSettled: tell }, (message, { attempt }) => {
  if (message.type === "invoice_flaky" && attempt < 3) throw new Error("the printer is busy");
  if (message.type === "invoice_lost" && !addressKnown) throw new Unrecoverable("no address", { code: "NO_ADDRESS" });
});

await publishAndWait("invoice_flaky", "acked");
await publishAndWait("invoice_lost", "dead_lettered");

const { items } = await tide.deadLetters.list();
for (const { message, group, errorCode, errorMessage, attempts } of items)
  console.log(`dead letter of ${group}: ${message?.type}, ${errorCode}: ${errorMessage}, ${attempts.length} attempt`);

// Back to the group that failed, and to no other; with fresh attempts.
addressKnown = true;
const delivered = once(news, "invoice_lost acked");
const { replayed } = await tide.deadLetters.replay({ errorCode: "NO_ADDRESS" });
await delivered;
console.log(`replayed ${replayed}, dead letters left ${await tide.deadLetters.count()}`);

function tell({ message, outcome, error }: Settlement): void {
  console.log(`${message.type}: ${outcome}${error === undefined ? "" : ` (${error.message})`}`);
  news.emit(`${message.type} ${outcome}`);
}

async function publishAndWait(type: string, outcome: Settlement["outcome"]): Promise<void> {
  const settled = once(news, `${type} ${outcome}`);
  await tide.publish("invoices", { type, data: { invoice: 1 } });
  await settled;
}
