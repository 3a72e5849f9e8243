/** One request, its message, a failed attempt, the retry and what the handler published: one trace, stored and found again. */
import { randomBytes } from "node:crypto";
import { connect, type SpanRecord } from "@tidegate/streams";

// A prefix of its own keeps the example's traces apart; a program leaves it out.
const telemetry = { prefix: "example-tracing:" };
await using shop = await connect({ namespace: "example-tracing", service: "shop", telemetry });
await using billing = await connect({ namespace: "example-tracing", service: "billing", telemetry });

let left = 3;
const done = Promise.withResolvers<void>();
const onSettled = (): void => void (--left === 0 && done.resolve());

await billing.consume("orders", { onSettled, retry: { baseDelay: 50, jitter: "none" } }, async (message, { attempt, publish }) => {
  if (attempt === 1) throw new Error("the bank is closed");
  await billing.trace("charge card", { bank: "first" }, () => Promise.resolve());
  await publish("bills", { type: "bill_written", data: message.data });
});
await billing.consume("bills", { onSettled }, () => {});

// What came in from outside goes on: a W3C traceparent of the caller, if there is a good one.
const incoming = `00-${randomBytes(16).toString("hex")}-00f067aa0ba902b7-01`;
const span = shop.startSpan("POST /orders", { kind: "server", parent: incoming, attributes: { route: "/orders", user: "ann" } });
await shop.runInSpan(span, () => shop.publish("orders", { type: "order_placed", data: { order: 7 } }));
span.end();

await done.promise;
await Promise.all([shop.flush(), billing.flush()]);

const trace = await shop.traces.get(span.traceId);
if (trace === null) throw new Error("the trace was not stored");
console.log(trace.operation, trace.status, `${trace.spans} spans of ${trace.components.toSorted().join(", ")}`);
show(trace.records, span.spanId, 0);

const { items } = await shop.traces.list({ status: "error", attributes: { user: "ann", topic: "orders" }, limit: 1 });
console.log("found by its attributes:", items[0]?.traceId === span.traceId);

function show(records: readonly SpanRecord[], id: string, depth: number): void {
  const record = records.find(({ spanId }) => spanId === id);
  const said = [record?.name, record?.attributes["outcome"], record?.error].filter((one) => typeof one === "string");
  console.log("  ".repeat(depth) + said.join(", "));
  for (const { spanId } of records.filter(({ parentId }) => parentId === id)) show(records, spanId, depth + 1);
}
