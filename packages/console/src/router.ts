/**
 * Where the reader is. The URL holds all state worth sharing (screen, filters, selected row), so a copied address shows the
 * same thing. One click listener turns same-origin links into History entries; everything else stays the browser's business.
 */
import { batch, signal } from "@preact/signals";

export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

export type Params = Record<string, string>;

/** `/groups/:topic/:group` against a path; null when it does not fit. */
export function match(pattern: string, actual: string): Params | null {
  const wanted = pattern.split("/");
  const found = actual.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== found.length) return null;
  const params: Params = {};
  for (const [index, part] of wanted.entries()) {
    const value = found[index] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = decode(value);
    else if (part !== value) return null;
  }
  return params;
}

export function navigate(href: string, options: { replace?: boolean } = {}): void {
  const url = new URL(href, location.href);
  const moved = url.pathname !== location.pathname;
  if (options.replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  readLocation();
  if (moved) toTop();
}

/** Changes parts of the query string; null removes one. Replaces by default, because filters are not places. */
export function setQuery(changes: Record<string, string | null>, options: { push?: boolean } = {}): void {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  const search = next.toString();
  navigate(location.pathname + (search ? `?${search}` : ""), { replace: !options.push });
}

export function startRouter(): void {
  addEventListener("popstate", readLocation);
  document.addEventListener("click", followLink);
}

function readLocation(): void {
  batch(() => {
    path.value = location.pathname;
    query.value = new URLSearchParams(location.search);
  });
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const anchor = event.target instanceof Element ? event.target.closest("a") : null;
  if (!anchor || anchor.target || anchor.origin !== location.origin || anchor.hasAttribute("download")) return;
  if (anchor.getAttribute("href")?.startsWith("#") || anchor.pathname.startsWith("/api/")) return;
  event.preventDefault();
  navigate(anchor.href);
}

/** A new screen begins at its top, and a screen reader begins at its heading. */
function toTop(): void {
  scrollTo(0, 0);
  requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
