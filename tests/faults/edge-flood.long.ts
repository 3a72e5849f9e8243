/**
 * `npm run test:long -- edge-flood [--requests 1000000] [--seed n] [--at-once 64]`: a flood of seeded bad requests, each on a connection of its own, while
 * good requests are served. Sockets, files and memory of the edge stay where they were, nothing odd arrives upstream, and no worker dies.
 */
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Load, shownErrors } from "../edge/load.ts";
import { mutated } from "../edge/mutate.ts";
import { megabytes, openFiles, residentBytes, Watch } from "../edge/process-figures.ts";
import { Product } from "../edge/product.ts";
import { RecordingUpstream } from "../edge/recording-upstream.ts";
import { Seed } from "./seed.ts";

const HOST = "flood.test";
/** Bytes the edge may grow by after its first tenth, in which it gets warm. */
const MOST_GROWTH = 96 * 2 ** 20;
/** Files that may be open more than before: connections to the upstream that wait for the next request. */
const MOST_FILES = 100;
/** Milliseconds that a connection may take; one that waits for more than its request has is ended by us. */
const PATIENCE = 1_000;

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    "at-once": { type: "string", default: "64" },
  },
});
const requests = Number(values.requests);
const seed = new Seed(Number(values.seed));
await using upstream = await RecordingUpstream.start({ keep: false });
await using product = await Product.up();
await product.target(HOST, `http://127.0.0.1:${upstream.port}`);
const [edge = 0] = product.pids("edge");
const load = new Load({ port: product.port, host: HOST, rate: 50 });
const answers = new Map<string, number>();
let sent = 0;

const began = performance.now();
await flood(requests / 10);
const before = { memory: residentBytes(edge), files: openFiles(edge) };
using watch = new Watch([edge]);
await flood(requests);
const seconds = (performance.now() - began) / 1_000;
const good = await load.stop();
await settled();
const after = { memory: residentBytes(edge), files: openFiles(edge) };
const same = product.pids("edge")[0] === edge;
const problems = [
  ...(same ? [] : ["the edge worker died"]),
  ...(watch.most - before.memory <= MOST_GROWTH ? [] : [`the edge grew by ${megabytes(watch.most - before.memory)}`]),
  ...(after.files - before.files <= MOST_FILES ? [] : [`${after.files - before.files} files more are open`]),
  ...(good.answered === good.sent ? [] : [`good requests failed: ${shownErrors(good.errors)}`]),
  ...upstream.arrived.slice(0, 5).map(({ line, oddities }) => `arrived: ${JSON.stringify(line)}: ${oddities.join(", ")}`),
  ...upstream.garbage.slice(0, 5).map((bytes) => `no request arrived: ${JSON.stringify(bytes.slice(0, 120))}`),
];
process.stdout.write(
  `seed ${seed.value}: ${sent} bad requests in ${seconds.toFixed(0)} s (${[...answers].map(([what, count]) => `${what}: ${count}`).join(", ")}); memory ` +
    `${megabytes(before.memory)}, most ${megabytes(watch.most)}, at the end ${megabytes(after.memory)}; files ${before.files} and ${after.files}; ` +
    `${good.answered} of ${good.sent} good requests answered, slowest ${good.slowest.toFixed(0)} ms; ${problems.length} problems\n`,
);
for (const problem of problems) process.stdout.write(`  ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

// Private

async function flood(upTo: number): Promise<void> {
  const lane = async (): Promise<void> => {
    while (sent < upTo) {
      const number = sent++;
      const answer = await one(mutated(seed, HOST), number);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, lane));
}

/** From many addresses, as a flood comes. Answers the first status, or how it ended. */
function one(bytes: Buffer, number: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ port: product.port, host: "127.0.0.1", localAddress: `127.0.${1 + (number % 200)}.1` });
  let text = "";
  const timer = setTimeout(() => socket.destroy(), PATIENCE);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1", 0, 20);
    // Answered well: it would stay open for the next request.
    if (text.startsWith("HTTP/1.1 2")) socket.destroy();
  });
  socket.on("close", () => {
    clearTimeout(timer);
    resolve(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? "closed");
  });
  socket.end(bytes);
  return promise;
}

/** Until the connections of the flood are gone from the edge. */
async function settled(): Promise<void> {
  const end = performance.now() + 30_000;
  while (openFiles(edge) - before.files > MOST_FILES && performance.now() < end) await pause(200);
}
