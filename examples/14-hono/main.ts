/** A hono application with one line of Tidegate. It runs without a server here; with `@hono/node-server` it is the same. */
import { Hono } from "hono";
import { connect, currentContext } from "@tidegate/streams";
import { tidegate } from "@tidegate/streams/hono";

await using tide = await connect({ namespace: "example-hono", service: "shop" });

const app = new Hono();
app.use(tidegate(tide, { component: "shop", ignore: (path) => path === "/health" }));

app.get("/health", (c) => c.text("ok"));
app.post("/orders/:id", async (c) => {
  await c.get("tide").publish("orders", { type: "order_placed", data: { id: c.req.param("id") } });
  return c.json({ trace: currentContext()?.traceparent?.slice(3, 35) }, 202);
});

const placed = await app.request("/orders/7", { method: "POST" });
const { trace } = (await placed.json()) as { trace: string };
console.log(placed.status, "the handler runs within the trace:", trace === placed.headers.get("x-trace-id"));
for await (const message of tide.messages("orders")) {
  await message.ack();
  console.log("and so does what it publishes:", message.traceparent?.slice(3, 35) === trace);
  break;
}

const health = await app.request("/health");
console.log(health.status, "is ignored:", health.headers.get("x-trace-id") === null);
await tide.flush();
console.log("span:", (await tide.traces.get(trace))?.records.find(({ kind }) => kind === "server")?.name);
