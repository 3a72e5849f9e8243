/**
 * `npm run test:long -- edge-control-kill [--seconds 60] [--every 5] [--rate 500]`: the control process killed again and again under load. No request
 * may fail, and control comes back by itself.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Load, shownErrors } from "../edge/load.ts";
import { Product } from "../edge/product.ts";
import { RecordingUpstream } from "../edge/recording-upstream.ts";

const HOST = "control.test";
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    every: { type: "string", default: "5" },
    rate: { type: "string", default: "500" },
  },
});
await using upstream = await RecordingUpstream.start({ keep: false });
await using product = await Product.up();
await product.target(HOST, `http://127.0.0.1:${upstream.port}`);
const edge = product.pids("edge");
const load = new Load({ port: product.port, host: HOST, rate: Number(values.rate) });
const end = performance.now() + Number(values.seconds) * 1_000;
let kills = 0;
let slowestBack = 0;
while (performance.now() < end) {
  await pause(Number(values.every) * 1_000);
  const [control] = product.pids("control");
  if (control === undefined) continue;
  process.kill(control, "SIGKILL");
  kills += 1;
  slowestBack = Math.max(slowestBack, await back(control));
}
const { sent, answered, errors, slowest } = await load.stop();
const same = product.pids("edge").join() === edge.join();
process.stdout.write(
  `control killed ${kills} times in ${values.seconds} s: ${sent} requests, ${answered} answered, ${shownErrors(errors)}, slowest ${slowest.toFixed(0)} ms; ` +
    `control back after at most ${(slowestBack / 1_000).toFixed(1)} s; ${same ? "the same edge workers" : "an edge worker died"}\n`,
);
process.exitCode = kills > 0 && answered === sent && same ? 0 : 1;

// Private

/** Milliseconds until another control process answers. */
async function back(killed: number): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < 60_000) {
    const [pid] = product.pids("control");
    const told = pid === undefined || pid === killed ? null : await product.ask("GET", "/api/v1/proxy/targets").catch(() => null);
    if (told?.status === 200) return performance.now() - began;
    await pause(50);
  }
  throw new Error("the control process did not come back within a minute");
}
