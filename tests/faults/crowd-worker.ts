/** One process of the crowd: many consumers of every group on one connection; writes down who got what, and how late. */
import { writeFileSync } from "node:fs";
import { connect } from "@tidegate/streams";
import { now } from "./effects.ts";

export interface CrowdOrder {
  readonly url: string;
  readonly topic: string;
  readonly groups: readonly string[];
  /** Of each group, in this process. */
  readonly consumers: number;
  /** File for one line per group. */
  readonly record: string;
}

/** What one process saw of one group: for each delivery its number, and how many milliseconds after the publish it was begun. */
export interface CrowdRecord {
  readonly group: string;
  readonly seqs: readonly number[];
  readonly delays: readonly number[];
}

const order = JSON.parse(process.argv[2] ?? "null") as CrowdOrder;
const tide = await connect({ url: order.url, namespace: "crowd", service: "crowd" });
const records = order.groups.map((group) => ({ group, seqs: [] as number[], delays: [] as number[] }));
for (const record of records) {
  for (let consumer = 0; consumer < order.consumers; consumer++) await tide.consume(order.topic, { group: record.group }, handle(record));
}
const before = process.cpuUsage();
process.on("disconnect", () => process.exit(0));
process.on("message", () => void leave());
process.send?.("ready");

// Private

function handle(record: { seqs: number[]; delays: number[] }): (message: { data: unknown }) => void {
  return ({ data }) => {
    const { seq, at } = data as { seq: number; at: number };
    record.seqs.push(seq);
    record.delays.push(Math.round((now() - at) * 100) / 100);
  };
}

async function leave(): Promise<void> {
  const { user, system } = process.cpuUsage(before);
  writeFileSync(order.record, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  process.send?.({ cpu: (user + system) / 1_000_000 });
  await tide.close({ deadline: 20_000 });
  process.exit(0);
}
