/** A message's data, coloured. Only ever text nodes: whatever a message holds, the browser never reads it as markup. */
import type { JSX } from "preact";
import { bytes } from "../format.ts";
import { CopyButton } from "./copy.tsx";

const shownAtMost = 256 * 1024;
const colouredAtMost = 32 * 1024;
const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g;

export function Json({ value, label }: { value: unknown; label: string }): JSX.Element {
  const whole = JSON.stringify(value, null, 2) ?? "null";
  const text = whole.slice(0, shownAtMost);
  return (
    <div class="json">
      <CopyButton text={whole} label={`Copy ${label}`} />
      <pre tabIndex={0} role="region" aria-label={label}>
        {text.length <= colouredAtMost ? coloured(text) : text}
      </pre>
      {text.length < whole.length && (
        <p class="faint">
          The first {bytes(shownAtMost)} of {bytes(whole.length)}; copy takes all of it.
        </p>
      )}
    </div>
  );
}

function coloured(text: string): (string | JSX.Element)[] {
  const parts: (string | JSX.Element)[] = [];
  let end = 0;
  for (const found of text.matchAll(token)) {
    parts.push(
      text.slice(end, found.index),
      <span key={found.index} class={kind(found)}>
        {found[1] ?? found[0]}
      </span>,
      found[2] ?? "",
    );
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

function kind(found: RegExpExecArray): string {
  if (found[1] !== undefined) return found[2] === undefined ? "j-text" : "j-key";
  return found[3] === undefined ? "j-number" : "j-word";
}
