/** What was clicked last, so that the trace of a request that changes something begins where the person did. */

let label = "";
let at = 0;

/** A click older than this did not cause the request. */
const RECENT = 5_000;

export function watchClicks(target: EventTarget): void {
  target.addEventListener("click", noticed, { capture: true });
  target.addEventListener("submit", noticed, { capture: true });
}

/** `<milliseconds ago>;<label>` for the header that tells of it, or null. */
export function lastClick(now: number = performance.now()): string | null {
  const ago = Math.round(now - at);
  return label === "" || ago > RECENT ? null : `${ago};${encodeURIComponent(label)}`;
}

// Private

function noticed(event: Event): void {
  const clicked = event.target instanceof Element ? event.target.closest("button, a, [role=button], [role=switch], input, summary") : null;
  const found = (clicked?.getAttribute("aria-label") ?? clicked?.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 60);
  // A submit follows the click on its button and has no label of its own.
  if (event.type === "submit" && found === "") return;
  label = found;
  at = performance.now();
}
