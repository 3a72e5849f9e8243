/** The same group as a loop: you hold a message until you say ack, retry or deadLetter; leaving the loop hands the rest back. */
import { connect } from "@tidegate/streams";

await using tide = await connect({ namespace: "example-iterator", service: "meter" });
await tide.publishMany(
  "readings",
  [3, -1, 9, 7].map((value) => ({ type: "reading", data: { value } })),
);

let answered = 0;
for await (const message of tide.messages("readings", { group: "sums", prefetch: 1 })) {
  const { value } = message.data as { value: number };
  if (value < 0) console.log(value, "dead letter:", await message.deadLetter("a reading is never negative"));
  else if (value === 7 && message.attempt === 1) console.log(value, "retry:", await message.retry({ delay: 0, reason: "not sure yet" }));
  else console.log(value, `ack at attempt ${message.attempt}:`, await message.ack());
  answered += 1;
  if (answered === 5) break;
}

const { count, retryCount } = await tide.pending("readings", "sums");
console.log(`pending ${count}, waiting for a retry ${retryCount}, dead letters ${await tide.deadLetters.count()}`);
