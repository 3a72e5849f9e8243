/** How the console speaks back: a problem in place, a short toast after an action, a friendly empty state. */
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "tidegate/contract";
import { CopyCommand } from "./copy.tsx";
import { Sign } from "./icons.tsx";

/** What went wrong, what to do, and the id to look for in the logs. */
export function ProblemBox({ problem, retry }: { problem: Problem; retry?: () => void }): JSX.Element {
  return (
    <div class="problem-box" role="alert">
      <Sign name="bad" />
      <div>
        <strong>{problem.detail || problem.title}</strong>
        {problem.hint && <p>{problem.hint}</p>}
        {problem.log_tail && <LogTail lines={problem.log_tail} />}
        <p class="faint">
          <code>{problem.code}</code>
          {problem.request_id && (
            <>
              {" "}
              · request <code>{problem.request_id}</code>
            </>
          )}
        </p>
      </div>
      {retry && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** The last words of a build or a container. */
export function LogTail({ lines }: { lines: readonly string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <pre class="log-tail" tabIndex={0} role="region" aria-label="Last lines">
      {lines.join("\n")}
    </pre>
  );
}

export function Empty({ title, children, command }: { title: string; children?: ComponentChildren; command?: string }): JSX.Element {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {command && <CopyCommand command={command} />}
    </div>
  );
}

export function Loading(): JSX.Element {
  return (
    <p class="loading" role="status">
      Loading…
    </p>
  );
}

interface Toast {
  id: number;
  text: string;
  href?: string;
  /** False: it did not work. */
  well: boolean;
}

const toasts = signal<readonly Toast[]>([]);
const shownFor = 8000;
let lastId = 0;

export function toast(text: string, href?: string, well = true): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { id, text, well, ...(href === undefined ? {} : { href }) }];
  setTimeout(() => dismiss(id), shownFor);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((t) => (
        <div key={t.id} class="toast">
          <Sign name={t.well ? "check" : "bad"} />
          <span>{t.text}</span>
          {t.href && <a href={t.href}>Show</a>}
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(t.id)}>
            <Sign name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
