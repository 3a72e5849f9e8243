/** Entries, newest first, a line each; the chosen one stands beside them in full. */
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { LogEntry } from "tidegate/contract";
import { clock, dateTime, inlineFields, preview } from "../../format.ts";
import { entryKey, type LogFollow } from "../../live/log-follow.ts";
import { LevelMark } from "../../parts/level.tsx";
import { rowKeys } from "../../parts/rows.ts";
import { query, setQuery } from "../../router.ts";
import { LogDetail } from "./log-detail.tsx";

interface LogListProps {
  entries: readonly LogEntry[];
  /** Of the live tail; null while nothing follows. */
  follow: LogFollow | null;
  empty: JSX.Element;
  foot?: JSX.Element | null;
}

export function LogList({ entries, follow, empty, foot }: LogListProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const chosen = entries.find((entry) => entryKey(entry) === query.value.get("entry"));
  const close = () => setQuery({ entry: null });
  useSelectionHold(list, follow);
  return (
    <div class={`split ${chosen ? "open" : ""}`}>
      <div
        ref={list}
        class="tail logs panel"
        tabIndex={0}
        role="region"
        aria-label="Log entries, newest first"
        onKeyDown={rowKeys(close)}
        onScroll={(event) => follow && (event.currentTarget.scrollTop > 24 ? follow.hold("scrolled") : follow.release("scrolled"))}
        onPointerMove={(event) => event.pointerType === "mouse" && follow?.hold("pointer")}
      >
        {entries.length === 0 ? (
          empty
        ) : (
          <ol>
            {entries.map((entry) => (
              <Row key={entryKey(entry)} entry={entry} chosen={entry === chosen} />
            ))}
          </ol>
        )}
        {foot}
      </div>
      {chosen && <LogDetail entry={chosen} close={close} />}
    </div>
  );
}

/** Text that is being selected may not move away. */
function useSelectionHold(list: { current: HTMLElement | null }, follow: LogFollow | null): void {
  useEffect(() => {
    if (!follow) return;
    const look = () => {
      if (selectedIn(list.current)) follow.hold("selected");
      else follow.release("selected");
    };
    document.addEventListener("selectionchange", look);
    return () => document.removeEventListener("selectionchange", look);
  }, [follow]);
}

function selectedIn(element: HTMLElement | null): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && element !== null && element.contains(selection.anchorNode);
}

/** The button is for the keyboard; the whole line takes a click, unless it ends a selection. */
function Row({ entry, chosen }: { entry: LogEntry; chosen: boolean }): JSX.Element {
  const toggle = () => setQuery({ entry: chosen ? null : entryKey(entry) });
  return (
    <li class={chosen ? "chosen" : ""} onClick={(event) => selectedIn(event.currentTarget) || toggle()}>
      <button
        type="button"
        data-row
        tabIndex={-1}
        aria-pressed={chosen}
        aria-label={`${clock(entry.at)} ${entry.message}`}
        title={dateTime(entry.at)}
        onClick={(event) => {
          event.stopPropagation();
          toggle();
        }}
      >
        <time>{clock(entry.at)}</time>
      </button>
      <LevelMark level={entry.level} />
      <span class="service">{entry.component}</span>
      <span class="line">
        <b>{preview(entry.message, 400)}</b> <code>{inline(entry)}</code>
      </span>
    </li>
  );
}

/** Without what the message says already. */
function inline({ fields, message }: LogEntry): string {
  return inlineFields(fields, (_, value) => typeof value === "object" || !message.includes(preview(value)));
}
