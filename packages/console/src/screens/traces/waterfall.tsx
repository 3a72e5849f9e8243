/**
 * Spans as bars on one time axis. One tab stop: arrows walk the rows, left and right fold and open, Enter shows a span in full. Rows out of
 * sight are not drawn by the browser, so a thousand of them scroll well.
 */
import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { SpanRecord, TraceAnswer } from "tidegate/contract";
import { plural, spanTime } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";
import { rowKeys } from "../../parts/rows.ts";
import { TraceStatus } from "../../parts/trace-status.tsx";
import { setQuery } from "../../router.ts";
import { extentOf, rowsOf, type SpanRow } from "./span-tree.ts";

const deepest = 14;

interface Extent {
  from: number;
  to: number;
}

export function Waterfall({ trace, chosen }: { trace: TraceAnswer; chosen: SpanRecord | null }): JSX.Element {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => rowsOf(trace.records, toggled), [trace.records, toggled]);
  const extent = useMemo(() => extentOf(trace.records), [trace.records]);
  const toggle = (id: string) => setToggled((old) => old.symmetricDifference(new Set([id])));
  const walk = rowKeys(() => setQuery({ span: null }));
  const onKeyDown = (event: KeyboardEvent) => {
    const row = foldedBy(event, rows);
    if (row) toggle(row.span.spanId);
    else walk(event);
  };
  return (
    <div class="waterfall panel" tabIndex={0} role="region" aria-label={`Spans of ${trace.operation}`} onKeyDown={onKeyDown}>
      <Axis extent={extent} />
      <ol>
        {rows.map((row) => (
          <Row
            key={row.span.spanId}
            row={row}
            extent={extent}
            chosen={row.span.spanId === chosen?.spanId}
            toggle={() => toggle(row.span.spanId)}
          />
        ))}
      </ol>
    </div>
  );
}

/** The row an arrow key folds or opens. */
function foldedBy(event: KeyboardEvent, rows: readonly SpanRow[]): SpanRow | undefined {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return undefined;
  const id = (document.activeElement as HTMLElement | null)?.dataset["row"];
  const row = rows.find((r) => r.span.spanId === id);
  return row && row.below > 0 && row.collapsed === (event.key === "ArrowRight") ? row : undefined;
}

const ticks = [0, 0.25, 0.5, 0.75, 1];

function Axis({ extent }: { extent: Extent }): JSX.Element {
  return (
    <div class="axis" aria-hidden="true">
      <span />
      <p>
        {ticks.map((share) => (
          <span key={share}>{spanTime((extent.to - extent.from) * share)}</span>
        ))}
      </p>
    </div>
  );
}

interface RowProps {
  row: SpanRow;
  extent: Extent;
  chosen: boolean;
  toggle: () => void;
}

function Row({ row, extent, chosen, toggle }: RowProps): JSX.Element {
  const { span, depth, below, collapsed } = row;
  return (
    <li class={chosen ? "chosen" : ""}>
      <div class="name" style={{ paddingLeft: `${8 + Math.min(depth, deepest) * 14}px` }}>
        {below > 0 ? (
          <button
            type="button"
            class="plain fold"
            tabIndex={-1}
            aria-expanded={!collapsed}
            aria-label={`${collapsed ? "Open" : "Fold"} ${plural(below, "span")} below ${span.name}`}
            onClick={toggle}
          >
            <Sign name="right" />
          </button>
        ) : (
          <i class="leaf" />
        )}
        <button
          type="button"
          class="pick"
          data-row={span.spanId}
          tabIndex={-1}
          aria-pressed={chosen}
          title={`${span.name} · ${span.component}`}
          onClick={() => setQuery({ span: chosen ? null : span.spanId })}
        >
          <b>{span.name}</b> <small>{span.component}</small>
          {collapsed && <small> +{below}</small>}
        </button>
        <Mark row={row} />
      </div>
      <Bar span={span} extent={extent} pick={() => setQuery({ span: chosen ? null : span.spanId })} />
    </li>
  );
}

function Mark({ row: { span, collapsed, hidesError } }: { row: SpanRow }): JSX.Element | null {
  if (span.status !== "ok") return <TraceStatus status={span.status} />;
  return collapsed && hidesError ? (
    <span class="pill bad" title="A span below this one failed">
      error below
    </span>
  ) : null;
}

function Bar({ span, extent, pick }: { span: SpanRecord; extent: Extent; pick: () => void }): JSX.Element {
  const whole = extent.to - extent.from;
  const end = span.endedAt ?? extent.to;
  const left = ((span.startedAt - extent.from) / whole) * 100;
  const width = ((end - span.startedAt) / whole) * 100;
  const late = left + width > 82;
  return (
    <div class="track" onClick={pick}>
      <i class={`bar ${span.status ?? "running"}`} style={{ left: `${left}%`, width: `max(2px, ${width}%)` }} />
      {span.events.map((e) => (
        <i key={`${e.at}${e.name}`} class="moment" title={e.name} style={{ left: `${((e.at - extent.from) / whole) * 100}%` }} />
      ))}
      <small class={late ? "before" : ""} style={late ? { right: `${100 - left}%` } : { left: `${left + width}%` }}>
        {span.endedAt === null ? "running" : spanTime(end - span.startedAt)}
      </small>
    </div>
  );
}
