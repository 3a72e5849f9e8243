/** A fastify application with one line of Tidegate: each request is a trace, and what its handler publishes belongs to it. */
import fastify from "fastify";
import { connect } from "@tidegate/streams";
import { tidegate } from "@tidegate/streams/fastify";

await using tide = await connect({ namespace: "example-fastify", service: "shop" });

const app = fastify();
app.register(tidegate(tide));

app.post("/orders/:id", async (request, reply) => {
  const { id } = request.params as { id: string };
  request.tide.logger("orders").info("order placed", { id });
  await request.tide.publish("orders", { type: "order_placed", data: { id } });
  return reply.code(202).send({ accepted: id });
});

const url = await app.listen({ port: 0, host: "127.0.0.1" });

// A caller with a trace of its own, as a browser or another service would send it.
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const answer = await fetch(`${url}/orders/7`, { method: "POST", headers: { traceparent } });
console.log(answer.status, await answer.text());
console.log("X-Trace-Id:", answer.headers.get("x-trace-id"));

for await (const message of tide.messages("orders")) {
  await message.ack();
  console.log(`${message.type} has the same trace:`, message.traceparent?.includes("0af7651916cd43dd8448eb211c80319c"));
  break;
}

await app.close();
await tide.flush();
const trace = await tide.traces.get("0af7651916cd43dd8448eb211c80319c");
console.log("first span:", trace?.records.find(({ kind }) => kind === "server")?.name);
