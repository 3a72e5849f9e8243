/** What stands above a host's settings: why nobody gets through, and how that ends. */
import type { JSX } from "preact";
import type { ProxyTargetAnswer } from "tidegate/contract";
import { Sign } from "../../parts/icons.tsx";
import { stateOf } from "./host-words.ts";

export function Problems({ target }: { target: ProxyTargetAnswer }): JSX.Element | null {
  const text = problemOf(target);
  if (text === null) return null;
  return (
    <p class="calm panel" role="status">
      <Sign name="warn" /> <span>{text}</span>
    </p>
  );
}

function problemOf(target: ProxyTargetAnswer): string | null {
  const state = stateOf(target);
  if (state === "off") return "It is switched off: every request is answered 503. Enable it to serve it again.";
  if (state === "paused")
    return `It is paused: requests wait up to ${target.hold} seconds, then are answered 503. Resume lets them all go on.`;
  if (state === "maintenance") {
    const read = target.message === null ? "" : ` Visitors read: “${target.message}”`;
    return `It is under maintenance: every request is answered 503 until it is opened.${read}`;
  }
  return target.urls.length === 0 ? "No edge worker listens for it now. The status tells how the edge is." : null;
}
