/**
 * Lines over a stretch of time, with a limit and marked times where there are any. At most a few lines: the highest. What it shows is said in words
 * as well, for those who do not see it.
 */
import type { JSX } from "preact";
import { clock, dateTime, short } from "../format.ts";

interface Line {
  subject: string;
  from: number;
  /** Seconds of one value. */
  step: number;
  values: readonly (number | null)[];
}

interface LinesProps {
  label: string;
  series: readonly Line[];
  threshold?: number | null;
  unit: string;
  marked?: readonly { from: number; to: number | null }[];
}

const width = 1000;
const height = 150;
const mostLines = 6;

export function Lines({ label, series, threshold = null, unit, marked = [] }: LinesProps): JSX.Element {
  const lines = series.toSorted((a, b) => peak(b) - peak(a)).slice(0, mostLines);
  const from = Math.min(...lines.map((l) => l.from));
  const to = Math.max(...lines.map((l) => l.from + l.values.length * l.step * 1000), from + 1);
  const top = Math.max(...lines.map(peak), (threshold ?? 0) * 1.25) || 1;
  const x = (at: number) => ((at - from) / (to - from)) * width;
  const y = (value: number) => height - (Math.max(0, value) / top) * (height - 6);
  return (
    <figure class="lines">
      <div role="img" aria-label={summary(label, lines, threshold, unit)}>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
          {marked.map((m) => (
            <rect
              key={`${m.from}${m.to}`}
              class="firing"
              x={x(m.from)}
              width={Math.max(3, x(m.to ?? to) - x(m.from))}
              y={0}
              height={height}
            />
          ))}
          {lines.map((line, i) => (
            <path key={line.subject} class={`line-${i}`} d={pathOf(line, x, y)} />
          ))}
          {threshold !== null && <line class="limit" x1={0} x2={width} y1={y(threshold)} y2={y(threshold)} />}
        </svg>
        <span class="faint top-end">{`${number(top)}${unit}`}</span>
        <p class="ends faint">
          <span>{moment(from, to - from)}</span>
          <span>{moment(to, to - from)}</span>
        </p>
      </div>
      {(lines.length > 1 || threshold !== null) && (
        <figcaption>
          <ul class="legend">
            {lines.map((line, i) => (
              <li key={line.subject}>
                <i class={`line-${i}`} /> {line.subject === "" || line.subject === "*" ? "everything" : line.subject}{" "}
                <b>{number(peak(line))}</b>
              </li>
            ))}
            {threshold !== null && (
              <li>
                <i class="limit" /> threshold <b>{number(threshold)}</b>
              </li>
            )}
            {series.length > lines.length && <li>and {series.length - lines.length} lower</li>}
          </ul>
        </figcaption>
      )}
    </figure>
  );
}

/** Over most of a day the hour alone does not tell which day. */
function moment(at: number, span: number): string {
  return span < 12 * 3_600_000 ? clock(at).slice(0, 5) : dateTime(at).slice(5, 16);
}

function peak(line: Line): number {
  return line.values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** Nothing is drawn where nothing is known; a value between two unknown ones is a short dash, so that it is seen. */
function pathOf(line: Line, x: (at: number) => number, y: (value: number) => number): string {
  let path = "";
  for (const [i, value] of line.values.entries()) {
    if (value === null) continue;
    const first = (line.values[i - 1] ?? null) === null;
    const alone = first && (line.values[i + 1] ?? null) === null;
    path += `${first ? "M" : "L"}${x(line.from + i * line.step * 1000).toFixed(1)} ${y(value).toFixed(1)}${alone ? "h4" : ""}`;
  }
  return path;
}

function summary(label: string, lines: readonly Line[], threshold: number | null, unit: string): string {
  const parts = lines.map((line) => `${line.subject === "" ? "everything" : line.subject} at most ${number(peak(line))}${unit}`);
  return `${label}: ${parts.join("; ")}${threshold === null ? "" : `; threshold ${number(threshold)}${unit}`}`;
}

function number(value: number): string {
  return value >= 1000 ? short(value) : String(Number(value.toPrecision(3)));
}
