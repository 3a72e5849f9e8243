/**
 * Where a redirect goes: text with `{path}`, `{query}` and `{host}`. `{query}` brings its `?` along, unless one stands before it. A place on this
 * host never begins with two slashes, which a browser would take for another host.
 */
import type { Question } from "./question.ts";
import type { RouteData } from "./spec.ts";

export type Redirection = (question: Question, path: string) => string;

export function redirection(data: Pick<RouteData, "target_value">): Redirection {
  const parts = data.target_value.split(PLACEHOLDER);
  const local = !/^https?:\/\//i.test(data.target_value);
  return (question, path) => {
    const written = parts.map((part, at) => fill(part, parts[at - 1] ?? "", question, path)).join("");
    return local ? `/${written.replace(/^[/\\]+/, "")}` : written;
  };
}

// Private

const PLACEHOLDER = /(\{(?:path|query|host)\})/;

function fill(part: string, before: string, question: Question, path: string): string {
  if (part === "{path}") return path;
  if (part === "{host}") return question.host;
  if (part !== "{query}") return part;
  return /[?&]$/.test(before) ? question.query.slice(1) : question.query;
}
