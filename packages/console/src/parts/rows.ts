/**
 * A list with one tab stop: the list itself takes the focus, arrows (or j and k) walk its rows, Escape closes what a row opened.
 * Rows are the elements with `data-row`; their buttons are out of the tab order.
 */
export function rowKeys(close: () => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "Escape") return close();
    const step = steps[event.key];
    if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
    const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row]")];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const next = rows[step(at, rows.length)];
    if (!next) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
}

const down = (at: number, length: number): number => Math.min(length - 1, at + 1);
const up = (at: number): number => Math.max(0, at - 1);
const steps: Readonly<Record<string, (at: number, length: number) => number>> = {
  ArrowDown: down,
  j: down,
  ArrowUp: up,
  k: up,
  Home: () => 0,
  End: (_, length) => length - 1,
};
