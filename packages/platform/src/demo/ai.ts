/**
 * The ai service: learns what is usual for this machine and says when something is not. What it has learned lives in memory
 * and is learned anew after a restart. Handles one message at a time, because samples have an order.
 */
import type { Message } from "@tidegate/streams";
import { Band } from "./band.ts";
import type { Observation } from "./band.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";
import { listOf, numberOf, textOf } from "./payload.ts";
import { SAMPLED } from "./system.ts";

/** Health samples between two summaries; the first comes early, so that a new machine soon has one. */
const SUMMARY_EVERY = 5;
const FIRST_SUMMARY = 3;
const PREDICT_EVERY = 5;

/** Least distance from the mean that counts, by series. */
const FLOORS: Readonly<Record<string, number>> = {
  load_per_core: 0.5,
  cpu_percent: 25,
  memory_percent: 3,
  disk_percent: 1,
  listeners: 1.5,
  processes: 10,
};

export function aiRole(): Role {
  return { topic: "ai", listensTo: ["system", "network", "assets"], concurrency: 1, begin: (publish) => new Ai(publish) };
}

class Ai implements Member {
  readonly duties: readonly Duty[] = [];
  readonly #publish: Publish;
  readonly #bands = new Map<string, Band>(
    Object.entries(FLOORS).map(([series, floor]) => [series, new Band(floor, series.endsWith("_percent") ? 100 : Infinity)]),
  );
  #samples = 0;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  async handle(message: Message): Promise<void> {
    if (message.type === "health_check") await this.#onSample(message);
    if (message.type === "asset_scanned") await this.#observe("processes", numberOf(message.data, "processes"));
    if (message.type === "network_scan_completed") await this.#onScan(message);
    if (message.type === "vulnerability_detected") await this.#onVulnerability(message);
  }

  async #onSample(message: Message): Promise<void> {
    for (const series of SAMPLED) await this.#observe(series, numberOf(message.data, series));
    this.#samples += 1;
    if (this.#samples === FIRST_SUMMARY || this.#samples % SUMMARY_EVERY === 0) await this.#summarise();
  }

  async #onScan(message: Message): Promise<void> {
    await this.#observe("listeners", numberOf(message.data, "listeners"));
    const [kind, listener] = firstChange(message.data);
    if (kind === null) return;
    const address = textOf(listener, "address") ?? "?";
    const port = numberOf(listener, "port");
    await this.#find({ kind, port, text: `${address} port ${port ?? "?"}: ${kind === "listener_closed" ? "stopped" : "began"} listening` });
  }

  async #onVulnerability(message: Message): Promise<void> {
    const port = numberOf(message.data, "port");
    const text = `${textOf(message.data, "address") ?? "a listener"} is reachable from every network`;
    await this.#find({ kind: "exposure", port, text });
  }

  async #observe(series: string, value: number | undefined): Promise<void> {
    const band = this.#bands.get(series);
    if (band === undefined || value === undefined) return;
    const seen = band.observe(value);
    if (seen.anomaly) await this.#find({ kind: "unusual_value", series, value, text: describe(series, seen) });
    if (seen.refitted)
      await this.#publish(
        "ai_model_updated",
        { series, samples: band.samples, mean: round(band.mean), band: band.expected },
        { priority: "low" },
      );
    if (band.samples % PREDICT_EVERY === 0)
      await this.#publish("ai_prediction_generated", { series, after: band.samples, expected: band.expected });
  }

  async #find(finding: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#publish("ai_analysis_completed", { verdict: "anomaly", finding }, { priority: "high" });
  }

  async #summarise(): Promise<void> {
    const known = [...this.#bands].filter(([, band]) => band.samples > 0);
    const series = Object.fromEntries(known.map(([name, band]) => [name, { mean: round(band.mean), samples: band.samples }]));
    await this.#publish("ai_analysis_completed", { verdict: "summary", samples: this.#samples, series });
  }
}

// Private

/** What vanished matters more than what came; further changes of the same scan are in the scan itself. */
function firstChange(scan: unknown): ["listener_closed" | "listener_opened", unknown] | [null, null] {
  const closed = listOf(scan, "closed")[0];
  if (closed !== undefined) return ["listener_closed", closed];
  const opened = listOf(scan, "opened")[0];
  return opened === undefined ? [null, null] : ["listener_opened", opened];
}

function describe(series: string, { value, expected }: Observation): string {
  return `${series} is ${value}, expected ${expected.low} to ${expected.high}`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
