/**
 * A time strip over the last five minutes. uPlot draws on canvas, which says nothing to a screen reader, so every strip has a
 * summary as its label and can be read as a table. Colours come from the legend's CSS, so they follow the theme.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
// oxlint-disable-next-line import/default -- the linter sees its CommonJS build; Vite takes the ES module, which has a default.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clock } from "../format.ts";
import { WINDOW } from "../live/samples.ts";
import { Sign } from "../parts/icons.tsx";
import { shown } from "../theme.ts";

export interface Series {
  label: string;
  values: readonly number[];
}

interface StripProps {
  title: string;
  times: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  /** Fixed top of the scale, for shares. */
  top?: number;
}

const height = 150;
const tableStep = 10_000;

export function Strip(props: StripProps): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  const [hovered, setHovered] = useState<number | null>(null);
  const at = hovered ?? props.times.length - 1;
  return (
    <section class="strip panel" aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        <ul class="legend">
          {props.series.map((s, i) => (
            <li key={s.label}>
              <i class={`series-${i}`} />
              <span>{s.label}</span> <b>{s.values[at] === undefined ? "–" : props.format(s.values[at])}</b>
            </li>
          ))}
        </ul>
        <button
          type="button"
          class="plain"
          aria-pressed={asTable}
          aria-label={`${props.title} as a table`}
          title="Show as a table"
          onClick={() => setAsTable(!asTable)}
        >
          <Sign name="table" />
        </button>
      </header>
      {asTable ? <StripTable {...props} /> : <Canvas {...props} theme={shown.value} onHover={setHovered} />}
    </section>
  );
}

function Canvas(props: StripProps & { theme: string; onHover: (index: number | null) => void }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const chart = new uPlot(options(props, element), dataOf(props), element);
    plot.current = chart;
    const sizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      chart.destroy();
    };
  }, [props.theme, props.series.length]);
  useEffect(() => plot.current?.setData(dataOf(props)), [props.times]);
  return <div ref={host} class="canvas" role="img" aria-label={summary(props)} />;
}

function options(props: StripProps & { onHover: (index: number | null) => void }, element: HTMLElement): uPlot.Options {
  const ink = getComputedStyle(element);
  const line = ink.getPropertyValue("outline-color");
  const axis = { stroke: ink.color, font: "11px system-ui, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(120, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: "strips" }, points: { size: 6 } },
    scales: {
      x: { range: () => [(Date.now() - WINDOW) / 1000, Date.now() / 1000] },
      y: { range: (_, __, max) => [0, props.top ?? Math.max(4, max * 1.15)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        space: 70,
        incrs: [60, 120],
        grid: { show: false },
        values: (_, ticks) => ticks.map((t) => clock(t * 1000).slice(0, 5)),
      },
      { ...axis, size: 52, space: 34, values: (_, ticks) => ticks.map((t) => props.format(t)) },
    ],
    series: [{}, ...props.series.map((s, i) => seriesOf(s, i, element))],
    hooks: { setCursor: [(u) => props.onHover(u.cursor.idx ?? null)] },
  };
}

function seriesOf(series: Series, index: number, element: HTMLElement): uPlot.Series {
  const swatch = element.closest("section")?.querySelector(`.series-${index}`);
  const stroke = swatch ? getComputedStyle(swatch).color : "teal";
  return { label: series.label, stroke, width: 1.75, points: { show: false }, ...(index === 0 ? { fill: faint(stroke) } : {}) };
}

/** Browsers serialise a computed colour as `rgb(r, g, b)`. */
function faint(color: string): string {
  return color.startsWith("rgb(") ? color.replace("rgb(", "rgba(").replace(")", ", 0.12)") : "transparent";
}

function dataOf(props: StripProps): uPlot.AlignedData {
  return [props.times.map((t) => t / 1000), ...props.series.map((s) => [...s.values])] as uPlot.AlignedData;
}

function summary({ title, series, format }: StripProps): string {
  const parts = series.map((s) => `${s.label} ${format(s.values.at(-1) ?? 0)} now, highest ${format(Math.max(0, ...s.values))}`);
  return `${title}, last five minutes: ${parts.join("; ")}`;
}

function StripTable({ title, times, series, format }: StripProps): JSX.Element {
  const rows = everyTenSeconds(times);
  return (
    <div class="strip-table" tabIndex={0} role="region" aria-label={`${title}, table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((s) => (
              <th key={s.label} scope="col" class="number">
                {s.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => (
            <tr key={times[i]}>
              <td>{clock(times[i] ?? 0).slice(0, 8)}</td>
              {series.map((s) => (
                <td key={s.label} class="number">
                  {format(s.values[i] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Newest first. */
function everyTenSeconds(times: readonly number[]): number[] {
  const rows: number[] = [];
  let next = Infinity;
  for (let i = times.length - 1; i >= 0; i--) {
    const at = times[i] ?? 0;
    if (at > next) continue;
    rows.push(i);
    next = at - tableStep;
  }
  return rows;
}
