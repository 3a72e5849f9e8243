/** How a span or trace ended, in a word; null and `running`: not yet. */
import type { JSX } from "preact";
import type { TraceSummary } from "tidegate/contract";
import { Pill, type Tone } from "./marks.tsx";

const tones: Record<TraceSummary["status"], Tone> = { ok: "good", error: "bad", interrupted: "warn", running: "accent" };

export function TraceStatus({ status }: { status: TraceSummary["status"] | null }): JSX.Element {
  const shown = status ?? "running";
  return <Pill tone={tones[shown] ?? "quiet"}>{shown}</Pill>;
}
