/** Every trace of the list as a dot: when across, how long upwards (logarithmic). The list below says the same in words. */
import type { JSX } from "preact";
import type { TraceSummary } from "tidegate/contract";
import { clock, plural, spanTime } from "../../format.ts";
import { navigate } from "../../router.ts";

const width = 1000;
const height = 110;
const shapes: Record<TraceSummary["status"], string> = { ok: "ok", error: "error", interrupted: "interrupted", running: "running" };

export function Scatter({ traces }: { traces: readonly TraceSummary[] }): JSX.Element | null {
  if (traces.length < 2) return null;
  const times = traces.map((t) => t.startedAt);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const top = Math.log10(1 + Math.max(...traces.map((t) => t.duration)));
  const failed = traces.filter((t) => t.status === "error").length;
  return (
    <section class="scatter panel" aria-label="Duration over time">
      <div
        role="img"
        aria-label={`${plural(traces.length, "trace")} from ${clock(from)} to ${clock(to)}, ${failed} failed, the longest ${spanTime(10 ** top - 1)}`}
      >
        <span class="faint top-end">{spanTime(10 ** top - 1)}</span>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
          {traces.map((t) => (
            <line
              key={t.traceId}
              class={`dot ${shapes[t.status]}`}
              x1={8 + ((t.startedAt - from) / (to - from || 1)) * (width - 16)}
              x2={8 + ((t.startedAt - from) / (to - from || 1)) * (width - 16)}
              y1={height - 8 - (Math.log10(1 + t.duration) / (top || 1)) * (height - 18)}
              y2={height - 8 - (Math.log10(1 + t.duration) / (top || 1)) * (height - 18) + 0.01}
              onClick={() => navigate(`/traces/${encodeURIComponent(t.traceId)}`)}
            >
              <title>{`${t.operation}: ${spanTime(t.duration)}, ${t.status}`}</title>
            </line>
          ))}
        </svg>
        <p class="ends faint">
          <span>{clock(from).slice(0, -4)}</span>
          <span>{clock(to).slice(0, -4)}</span>
        </p>
      </div>
    </section>
  );
}
