/**
 * `npm run test:long -- edge-deploys [--deploys 200] [--rate 500] [--sockets 200]`: a service deployed again and again under load, with WebSockets open on
 * another host. No request fails, and every WebSocket is still there in the end.
 */
import { parseArgs } from "node:util";
import { startDocker, webServer } from "../../packages/gateway/src/testing/index.ts";
import { Load, shownErrors } from "../edge/load.ts";
import { Product } from "../edge/product.ts";
import { EchoUpstream, WebSocketClient } from "../edge/web-sockets.ts";

const VERSIONS = ["v1", "v2"] as const;
const HOST = "deploys.test";
const SOCKETS = "sockets.test";

const { values } = parseArgs({
  options: {
    deploys: { type: "string", default: "200" },
    rate: { type: "string", default: "500" },
    sockets: { type: "string", default: "200" },
  },
});
await using docker = await startDocker();
for (const version of VERSIONS) await docker.image(`web:${version}`, webServer(version));
await using echo = await EchoUpstream.start();
await using product = await Product.up({ docker: docker.url });
await told("POST", "/api/v1/services", {
  service_name: "web",
  image: "web:v1",
  pull: "never",
  // Its server takes a process for each connection, also an idle one.
  memory_limit: "512m",
  pids_limit: 4096,
  port_configs: [{ name: "web", container: 8080 }],
  healthcheck: { path: "/", interval: 0.2, deadline: 60 },
  drain_timeout: 2,
  stop_timeout: 1,
});
await product.target(HOST, "service:web");
await product.target(SOCKETS, `http://127.0.0.1:${echo.port}`);
const clients: WebSocketClient[] = [];
while (clients.length < Number(values.sockets)) clients.push(await WebSocketClient.open(product.port, SOCKETS));
const load = new Load({ port: product.port, host: HOST, rate: Number(values.rate) });
const began = performance.now();
const failed: string[] = [];
for (let deploy = 1; deploy <= Number(values.deploys); deploy++) {
  const image = `web:${VERSIONS[deploy % VERSIONS.length]!}`;
  await told("PATCH", "/api/v1/services/web", { image }).catch((error: Error) => failed.push(error.message));
}
const seconds = (performance.now() - began) / 1_000;
const { sent, answered, errors, slowest, bodies } = await load.stop();
let open = 0;
for (const client of clients) {
  if (await client.echoes()) open += 1;
  client[Symbol.dispose]();
}
const versions = [...bodies].map(([body, count]) => `${body.trim()}: ${count}`).join(", ");
process.stdout.write(
  `${Number(values.deploys) - failed.length} of ${values.deploys} deploys in ${seconds.toFixed(0)} s under ${values.rate} requests/s: ${sent} requests, ${answered} answered ` +
    `(${versions}), ${shownErrors(errors)}, slowest ${slowest.toFixed(0)} ms; ${open} of ${clients.length} WebSockets still open\n`,
);
for (const problem of failed.slice(0, 5)) process.stdout.write(`  ${problem}\n`);
process.exitCode = failed.length === 0 && answered === sent && bodies.size === VERSIONS.length && open === clients.length ? 0 : 1;

// Private

async function told(method: string, path: string, body: unknown): Promise<void> {
  const { status, body: answer } = await product.ask(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
}
