/** How many entries when, by level. Dragging over it, or a click on a bar, looks at that stretch; the table does the same by keyboard. */
import { useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Level, LogHistogramAnswer, Problem } from "tidegate/contract";
import { clock, count, dateTime, short } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";

/** From the bottom of a bar to its top. */
const layers = [
  { name: "error", of: ["critical", "error"] },
  { name: "warn", of: ["warn"] },
  { name: "info", of: ["info"] },
  { name: "debug", of: ["debug", "trace"] },
  { name: "event", of: ["event"] },
] as const satisfies readonly { name: string; of: readonly (Level | "event")[] }[];

type Bucket = LogHistogramAnswer["buckets"][number];

interface HistogramProps {
  answer: LogHistogramAnswer | null;
  problem: Problem | null;
  choose: (from: number, to: number) => void;
}

const height = 64;

export function LogHistogram({ answer, problem, choose }: HistogramProps): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class="histogram panel" aria-label="Entries over time">
      <header>
        <h2>{answer ? total(answer) : "Entries over time"}</h2>
        <ul class="legend">
          {layers.map(({ name, of }) => (
            <li key={name}>
              <i class={`layer-${name}`} /> {name} <b>{answer ? short(sum(answer.buckets, of)) : "–"}</b>
            </li>
          ))}
        </ul>
        <button
          type="button"
          class="plain"
          aria-pressed={asTable}
          aria-label="Entries over time as a table"
          title="Show as a table"
          onClick={() => setAsTable(!asTable)}
        >
          <Sign name="table" />
        </button>
      </header>
      {problem && <p class="faint none">{problem.detail}</p>}
      {!answer && !problem && <p class="bars" />}
      {answer && (asTable ? <BarTable answer={answer} choose={choose} /> : <Bars answer={answer} choose={choose} />)}
    </section>
  );
}

interface Shown {
  answer: LogHistogramAnswer;
  choose: (from: number, to: number) => void;
}

function Bars({ answer, choose }: Shown): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ start: number; end: number } | null>(null);
  const { buckets, step, from } = answer;
  const at = (event: PointerEvent): number => {
    const box = frame.current?.getBoundingClientRect();
    const share = box ? (event.clientX - box.left) / box.width : 0;
    return Math.max(0, Math.min(buckets.length - 1e-6, share * buckets.length));
  };
  const finish = () => {
    if (!drag) return;
    setDrag(null);
    const [first, last] = [Math.floor(Math.min(drag.start, drag.end)), Math.floor(Math.max(drag.start, drag.end))];
    choose(buckets[first]?.at ?? from, (buckets[last]?.at ?? from) + step);
  };
  return (
    <>
      <div
        ref={frame}
        class="bars"
        role="img"
        aria-label={`${total(answer)} from ${dateTime(answer.from)} to ${dateTime(answer.to)}`}
        onPointerDown={(event) => {
          if (event.button !== 0 || buckets.length === 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ start: at(event), end: at(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, end: at(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
      >
        <Stacks buckets={buckets} step={step} />
        {drag && <Selection drag={drag} buckets={buckets.length} />}
      </div>
      <p class="ends faint">
        <span>{label(answer.from, answer)}</span>
        <span>{label(answer.to, answer)}</span>
      </p>
    </>
  );
}

function Stacks({ buckets, step }: { buckets: readonly Bucket[]; step: number }): JSX.Element {
  const top = Math.max(1, ...buckets.map((b) => countOf(b)));
  return (
    <svg viewBox={`0 0 ${Math.max(1, buckets.length)} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {buckets.map((bucket, i) => {
        let y = height;
        return (
          <g key={bucket.at}>
            <title>{`${dateTime(bucket.at)}, ${Math.round(step / 1000)} s: ${count(countOf(bucket))}`}</title>
            <rect class="ground" x={i} y={0} width={1} height={height} />
            {layers.map(({ name, of }) => {
              const n = sum([bucket], of);
              if (n === 0) return null;
              const high = Math.max(1.5, (n / top) * (height - 4));
              y -= high;
              return <rect key={name} class={`layer-${name}`} x={i + 0.08} y={y} width={0.84} height={high} />;
            })}
          </g>
        );
      })}
    </svg>
  );
}

function Selection({ drag, buckets }: { drag: { start: number; end: number }; buckets: number }): JSX.Element {
  const left = (Math.min(drag.start, drag.end) / buckets) * 100;
  const width = (Math.abs(drag.end - drag.start) / buckets) * 100;
  return <i class="selection" style={{ left: `${left}%`, width: `${width}%` }} />;
}

function BarTable({ answer, choose }: Shown): JSX.Element {
  const filled = answer.buckets.filter((b) => countOf(b) > 0).toReversed();
  return (
    <div class="strip-table" tabIndex={0} role="region" aria-label="Entries over time, table">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {layers.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {filled.map((bucket) => (
            <tr key={bucket.at}>
              <td>
                <button type="button" class="link" onClick={() => choose(bucket.at, bucket.at + answer.step)}>
                  {dateTime(bucket.at).slice(0, -4)}
                </button>
              </td>
              {layers.map(({ name, of }) => (
                <td key={name} class="number">
                  {count(sum([bucket], of))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sum(buckets: readonly Bucket[], of: readonly (Level | "event")[]): number {
  let all = 0;
  for (const bucket of buckets) for (const name of of) all += bucket.counts[name] ?? 0;
  return all;
}

function countOf(bucket: Bucket): number {
  return Object.values(bucket.counts).reduce((all, n) => all + n, 0);
}

function total({ buckets, complete }: LogHistogramAnswer): string {
  const all = buckets.reduce((n, bucket) => n + countOf(bucket), 0);
  return `${count(all)}${complete ? "" : " and more"} ${all === 1 ? "entry" : "entries"}`;
}

function label(at: number, { from, to }: LogHistogramAnswer): string {
  return to - from > 86_400_000 ? dateTime(at).slice(5, -7) : clock(at).slice(0, -4);
}
