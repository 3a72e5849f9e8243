/** All vectors and all misbehaving upstreams through the edge of a running product. */
import { FaultyUpstream, runUpstreamFaults, type FaultOutcome } from "../upstreams/run.ts";
import { Product } from "../product.ts";
import { RecordingUpstream } from "../recording-upstream.ts";
import { GROUPS } from "./all.ts";
import { runVectors, type Outcome } from "./run.ts";
import { HOST } from "./vector.ts";

const FAULTY = "faulty.test";

export interface OurRun {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly faults: ReadonlyMap<string, FaultOutcome>;
  /** What upstreams got that was no request. */
  readonly garbage: readonly string[];
}

export async function runOurs(): Promise<OurRun> {
  await using recording = await RecordingUpstream.start();
  await using faulty = await FaultyUpstream.start();
  await using product = await Product.up();
  await product.target(HOST, `http://127.0.0.1:${recording.port}`);
  await product.target(FAULTY, `http://127.0.0.1:${faulty.port}`, { timeouts: { connect: 600, response: 600, idle: 600 } });
  const outcomes = await runVectors({ port: product.port, upstream: recording }, GROUPS);
  const faults = await runUpstreamFaults(product.port, FAULTY, faulty);
  return { outcomes, faults, garbage: recording.garbage };
}
