/** Which stretch of time a screen looks at: `range` counts back from now, `from` and `to` are fixed. All in the address. */
import type { JSX } from "preact";
import { clock, dateTime } from "../format.ts";
import { Sign } from "../parts/icons.tsx";
import { query, setQuery } from "../router.ts";

export interface TimeRange {
  from: number;
  /** Null: until now. */
  to: number | null;
}

const hour = 3_600_000;
const ranges = [
  { value: "15m", label: "last 15 minutes", ms: hour / 4 },
  { value: "1h", label: "last hour", ms: hour },
  { value: "6h", label: "last 6 hours", ms: 6 * hour },
  { value: "24h", label: "last 24 hours", ms: 24 * hour },
  { value: "7d", label: "last 7 days", ms: 168 * hour },
] as const;

const standard = "1h";

/** `at` is what "the last hour" counts from; a fixed one keeps an address from changing each time it is drawn. */
export function rangeOf(search: URLSearchParams, at: number): TimeRange {
  const from = Number(search.get("from"));
  const to = Number(search.get("to"));
  if (from > 0 && Number.isFinite(from)) return { from, to: to > from && Number.isFinite(to) ? to : null };
  const chosen = ranges.find((r) => r.value === (search.get("range") ?? standard)) ?? ranges[1];
  return { from: at - chosen.ms, to: null };
}

export function setRange(from: number, to: number): void {
  setQuery({ from: String(Math.floor(from)), to: String(Math.ceil(to)), follow: null }, { push: true });
}

export function RangeChoice(): JSX.Element {
  const fixed = query.value.has("from");
  const range = rangeOf(query.value, Date.now());
  return (
    <>
      <label class="range">
        <span class="only-read">Time range</span>
        <select
          value={fixed ? "" : (query.value.get("range") ?? standard)}
          onChange={(event) => setQuery({ range: event.currentTarget.value, from: null, to: null })}
        >
          {fixed && <option value="">chosen below</option>}
          {ranges.map((r) => (
            <option key={r.value} value={r.value}>
              {r.label}
            </option>
          ))}
        </select>
      </label>
      {fixed && (
        <button type="button" class="chip" aria-label="Remove the chosen time" onClick={() => setQuery({ from: null, to: null })}>
          {words(range)} <Sign name="close" />
        </button>
      )}
    </>
  );
}

function words({ from, to }: TimeRange): string {
  const end = to === null ? "now" : (new Date(from).toDateString() === new Date(to).toDateString() ? clock(to) : dateTime(to)).slice(0, -4);
  return `${dateTime(from).slice(0, -4)} – ${end}`;
}
