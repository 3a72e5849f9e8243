/** The reverse proxies that are npm packages, each in a process of its own: `node edge-server.ts <fastify|http-proxy-3> <upstream port>`. */
import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";
import { createProxyServer } from "http-proxy-3";

const [peer, port] = process.argv.slice(2);
const upstream = `http://127.0.0.1:${Number(port)}`;
const listening = peer === "fastify" ? await withFastify() : await withHttpProxy();
process.send!(listening);
process.on("disconnect", () => process.exit(0));

// Private

async function withFastify(): Promise<number> {
  const app = fastify();
  await app.register(httpProxy, { upstream, undici: { connections: 128, pipelining: 1 } });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
}

async function withHttpProxy(): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 128, maxFreeSockets: 128 });
  const proxy = createProxyServer({ target: upstream, agent, xfwd: true });
  proxy.on("error", () => {});
  const server = createServer((request, response) => proxy.web(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}
