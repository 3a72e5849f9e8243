/** A control process of a telemetry run: everything that reads logs, events and aggregates, on a given Redis, and nothing else. */
import { Leader } from "../../packages/platform/src/orchestrator/leader.ts";
import { StreamsConnection } from "../../packages/platform/src/orchestrator/streams-connection.ts";
import { composeProcessors } from "../../packages/platform/src/processors/compose.ts";
import type { ProcessorContext } from "../../packages/platform/src/processors/context.ts";
import { MetricsProcessor } from "../../packages/platform/src/processors/metrics/metrics-processor.ts";
import { PlatformKeys } from "../../packages/platform/src/redis/keys.ts";

export interface TelemetryOrder {
  readonly url: string;
  readonly instance: string;
  /** With the indexes, alerts and aggregates beside the metrics, and the leases' own time. */
  readonly whole: boolean;
  /** Milliseconds until another process goes on, and entries of one call, where it is not whole. */
  readonly ttl: number;
  readonly batch: number;
}

const order = JSON.parse(process.argv[2] ?? "null") as TelemetryOrder;
const keys = new PlatformKeys("faults", "");
const streams = new StreamsConnection({ url: order.url, namespace: "faults", service: order.instance, retention: false });
const leader = new Leader({ streams, keys, instance: order.instance });
const onTrouble = (component: string, message: string): void => void process.stderr.write(`${component}: ${message}\n`);
const context: ProcessorContext = { streams, keys, instance: order.instance, leader, onTrouble };
const components = order.whole
  ? [leader, ...composeProcessors(context).components]
  : [new MetricsProcessor({ ...context, ttl: order.ttl, batch: order.batch })];
process.on("disconnect", () => process.exit(0));
process.on("message", () => void leave());
const signal = AbortSignal.timeout(30_000);
await streams.start(signal);
for (const component of components) await component.start(signal);
process.send?.("ready");

// Private

async function leave(): Promise<void> {
  const limit = AbortSignal.timeout(10_000);
  for (const component of components.toReversed()) await component.stop(limit);
  await streams.stop();
  process.exit(0);
}
