/**
 * `npm run test:long -- edge-bodies [--gigabytes 5]`: a large upload and a large download through the edge, by length and in chunks, every byte checked,
 * and a reader that stops reading for a while. The edge's memory stays flat.
 */
import { once } from "node:events";
import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ByteCheck, bytesAt, BytesUpstream } from "../edge/bytes-upstream.ts";
import { megabytes, Watch } from "../edge/process-figures.ts";
import { Product } from "../edge/product.ts";

const HOST = "bodies.test";
const MOST_GROWTH = 64 * 2 ** 20;
/** Bytes of each way in front of what is measured. */
const WARM_UP = 200 * 2 ** 20;
/** Milliseconds for which the reader of a download stops. */
const STOP = 3_000;

const { values } = parseArgs({ options: { gigabytes: { type: "string", default: "5" } } });
const size = Math.round(Number(values.gigabytes) * 1e9);
await using upstream = await BytesUpstream.start();
await using product = await Product.up();
await product.target(HOST, `http://127.0.0.1:${upstream.port}`);
const agent = new Agent({ keepAlive: true });
await upload(WARM_UP, "length");
await download(WARM_UP, 0);
const problems: string[] = [];
const figures: string[] = [];
await measured("up", () => upload(size, "length"));
await measured("up in chunks", () => upload(Math.round(size / 5), "chunks"));
await measured("down", () => download(size, STOP));
agent.destroy();
process.stdout.write(`${figures.join("; ")}; ${problems.length} problems\n`);
for (const problem of problems) process.stdout.write(`  ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

// Private

async function measured(what: string, act: () => Promise<{ right: number; wanted: number }>): Promise<void> {
  using watch = new Watch(product.pids("edge"));
  const began = performance.now();
  const { right, wanted } = await act();
  const seconds = (performance.now() - began) / 1_000;
  const growth = watch.most - watch.first;
  if (right !== wanted) problems.push(`${what}: ${right} of ${wanted} bytes were right`);
  if (growth > MOST_GROWTH) problems.push(`${what}: the edge grew by ${megabytes(growth)}`);
  figures.push(
    `${what} ${(wanted / 1e9).toFixed(1)} GB in ${seconds.toFixed(0)} s, memory ${megabytes(watch.first)} and ${megabytes(growth)} more at most`,
  );
}

async function upload(length: number, by: "length" | "chunks"): Promise<{ right: number; wanted: number }> {
  const asked = ask("POST", "/", by === "length" ? { "content-length": length } : { "transfer-encoding": "chunked" });
  const answered = once(asked, "response") as Promise<[IncomingMessage]>;
  for (let at = 0; at < length;) {
    const chunk = bytesAt(at, length - at);
    at += chunk.length;
    if (!asked.write(chunk)) await once(asked, "drain");
  }
  asked.end();
  const [answer] = await answered;
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return { right: Number(text), wanted: length };
}

async function download(length: number, stop: number): Promise<{ right: number; wanted: number }> {
  const asked = ask("GET", `/${length}`, {});
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const check = new ByteCheck();
  let stopped = stop === 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    check.take(chunk);
    if (stopped || check.right < length / 4) continue;
    stopped = true;
    await pause(stop);
  }
  return { right: check.wrong ? 0 : check.right, wanted: length };
}

function ask(method: string, path: string, headers: Readonly<Record<string, string | number>>): ClientRequest {
  return request({ port: product.port, host: "127.0.0.1", method, path, agent, headers: { host: HOST, ...headers } });
}
