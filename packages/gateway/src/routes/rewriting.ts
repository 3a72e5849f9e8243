/** strip → rewrite → add, each result normalised before the next: what a capture brings in cannot climb out of a prefix that is put before it. */
import { isBelow, renormalise } from "./path.ts";
import type { RouteData } from "./spec.ts";

export type Rewriting = (path: string) => string;

export function rewriting(data: Pick<RouteData, "strip_prefix" | "rewrite" | "add_prefix">): Rewriting {
  const steps = [strip(data.strip_prefix), replace(data.rewrite), addition(data.add_prefix)].filter((step) => step !== null);
  if (steps.length === 0) return unchanged;
  return (path) => steps.reduce((now, step) => step(now), path);
}

/** `/api` before `/x` is `/api/x`, before `/` it is `/api/`. */
function prefixed(prefix: string, path: string): string {
  return prefix === "" || prefix === "/" ? path : `${prefix.endsWith("/") ? prefix.slice(0, -1) : prefix}${path}`;
}

// Private

const unchanged: Rewriting = (path) => path;
/** As for matching. */
const LONGEST = 8192;

function strip(prefix: string | null): Rewriting | null {
  if (prefix === null || prefix === "/") return null;
  return (path) => (isBelow(path, prefix) ? path.slice(prefix.length) || "/" : path);
}

function replace(rewrite: RouteData["rewrite"]): Rewriting | null {
  if (rewrite === null) return null;
  const pattern = new RegExp(rewrite.pattern);
  return (path) => (path.length > LONGEST ? path : renormalise(path.replace(pattern, rewrite.replacement)));
}

function addition(prefix: string | null): Rewriting | null {
  return prefix === null || prefix === "/" ? null : (path) => prefixed(prefix, path);
}
