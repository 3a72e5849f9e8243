/** An express application with one line of Tidegate before its routes, and one after them for the errors. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { connect } from "@tidegate/streams";
import { tidegate, tidegateErrors } from "@tidegate/streams/express";

await using tide = await connect({ namespace: "example-express", service: "shop" });

const app = express();
app.use(tidegate(tide));

app.post("/orders/:id", async (request, answer) => {
  await request.tide.publish("orders", { type: "order_placed", data: { id: request.params.id } });
  answer.status(202).json({ accepted: request.params.id });
});
app.get("/broken", () => {
  throw new Error("no stock");
});

app.use(tidegateErrors());
app.use((_error: unknown, _request: express.Request, answer: express.Response, _next: express.NextFunction) => {
  answer.status(500).json({ error: "something went wrong" });
});

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const placed = await fetch(`${url}/orders/7`, { method: "POST" });
console.log(placed.status, await placed.text());
for await (const message of tide.messages("orders")) {
  await message.ack();
  console.log("the message belongs to the request's trace:", message.traceparent?.slice(3, 35) === placed.headers.get("x-trace-id"));
  break;
}

const broken = await fetch(`${url}/broken`);
console.log(broken.status, await broken.text());
server.closeAllConnections();
server.close();
await once(server, "close");
await tide.flush();
const trace = await tide.traces.get(broken.headers.get("x-trace-id") ?? "");
console.log(`${trace?.operation}: ${trace?.status}, ${trace?.records[0]?.error}`);
