/** Small marks beside a name: a state, a priority, a sparkline. Colour never stands alone. */
import type { JSX } from "preact";
import type { ComponentState } from "tidegate/contract";
import type { Message } from "tidegate/contract";

export type Tone = "good" | "warn" | "bad" | "quiet" | "accent";

export function Pill({ tone, children }: { tone: Tone; children: string }): JSX.Element {
  return <span class={`pill ${tone}`}>{children}</span>;
}

const tones: Record<ComponentState, Tone> = {
  waiting: "quiet",
  starting: "accent",
  healthy: "good",
  unhealthy: "bad",
  stopping: "warn",
  stopped: "quiet",
  failed: "bad",
};

export function State({ state }: { state: ComponentState }): JSX.Element {
  return <Pill tone={tones[state]}>{state}</Pill>;
}

const priorities: Record<Message["priority"], Tone> = { critical: "bad", high: "warn", normal: "quiet", low: "quiet" };

export function Priority({ priority }: { priority: Message["priority"] }): JSX.Element {
  return <Pill tone={priorities[priority]}>{priority}</Pill>;
}

const width = 96;
const height = 22;

/** The shape of the last minutes; the figure beside it says the value. */
export function Spark({ values }: { values: readonly number[] }): JSX.Element {
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((v, i) => `${(i * step).toFixed(1)},${(height - 2 - (v / top) * (height - 4)).toFixed(1)}`);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {points.length > 1 && <polyline points={points.join(" ")} fill="none" />}
    </svg>
  );
}
