/**
 * `npm run test:long -- edge-websockets [--count 8000] [--workers 2] [--seconds 10]`: idle WebSockets over several edge workers, what each costs there,
 * and whether each still carries a message afterwards. Needs 20,000 open files (`ulimit -n`).
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Product } from "../edge/product.ts";
import { megabytes, openFiles, residentBytes } from "../edge/process-figures.ts";
import { EchoUpstream, WebSocketClient } from "../edge/web-sockets.ts";

/** Bytes in all workers for each; the budget of the design. */
const MOST_BYTES = 24 * 1024;
const AT_ONCE = 50;
const HOST = "sockets.test";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "8000" },
    workers: { type: "string", default: "2" },
    seconds: { type: "string", default: "10" },
  },
});
const count = Number(values.count);
let opens = 0;
await using upstream = await EchoUpstream.start();
await using product = await Product.up({ workers: Number(values.workers) });
await product.target(HOST, `http://127.0.0.1:${upstream.port}`);
const pids = product.pids("edge");
const clients: WebSocketClient[] = await open(200);
await pause(2_000);
const before = pids.map(residentBytes);
clients.push(...(await open(count - clients.length)));
await pause(Number(values.seconds) * 1_000);
const after = pids.map(residentBytes);
const each = (sumOf(after) - sumOf(before)) / (count - 200);
const shares = pids.map((pid) => Math.floor(openFiles(pid) / 2));
const alive = await echoing(clients);
process.stdout.write(
  `${count} idle WebSockets over ${pids.length} workers (about ${shares.join(" and ")}): ${Math.round(each).toLocaleString("en")} bytes each ` +
    `(at most ${MOST_BYTES.toLocaleString("en")}; resident before ${before.map(megabytes).join(" and ")}, then ${after.map(megabytes).join(" and ")}); after ${values.seconds} s ${alive} carry a message\n`,
);
process.exitCode = alive === count && each <= MOST_BYTES ? 0 : 1;
for (const client of clients) client[Symbol.dispose]();

// Private

/** From a hundred addresses: one may have 1,000 connections to a worker. */
function openOne(): Promise<WebSocketClient> {
  return WebSocketClient.open(product.port, HOST, `127.0.${1 + (opens++ % 100)}.1`);
}

async function open(number: number): Promise<WebSocketClient[]> {
  const opened: WebSocketClient[] = [];
  while (opened.length < number) {
    const some = Math.min(AT_ONCE, number - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: some }, openOne))));
  }
  return opened;
}

function sumOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, one) => sum + one, 0);
}

async function echoing(all: readonly WebSocketClient[]): Promise<number> {
  let number = 0;
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const answers = await Promise.all(all.slice(at, at + AT_ONCE).map((client) => client.echoes()));
    number += answers.filter(Boolean).length;
  }
  return number;
}
