/** How bad an entry is, in a word; an event has no level. */
import type { JSX } from "preact";
import type { Level } from "tidegate/contract";
import { Pill, type Tone } from "./marks.tsx";

const tones: Record<Level, Tone> = { trace: "quiet", debug: "quiet", info: "accent", warn: "warn", error: "bad", critical: "bad" };

export function LevelMark({ level }: { level: Level | null }): JSX.Element {
  if (level === null) return <Pill tone="good">event</Pill>;
  return <Pill tone={tones[level] ?? "quiet"}>{level}</Pill>;
}
