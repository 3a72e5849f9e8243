/** JSON somebody typed into a shell: where it breaks is shown, because the shell has often eaten a quote. Pure. */
import type { PlatformError } from "../errors.ts";
import { usage } from "./failure.ts";

export function parseData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(text, error instanceof Error ? error.message : String(error));
  }
}

// Private

/** Longer texts are not searched for the place: the search reads the beginning again for each character. */
const SEARCHED = 4000;
const SHOWN = 60;

function malformed(text: string, reason: string): PlatformError {
  const example = `Put it in single quotes: tidegate publish identity user_created '{"name":"Ada"}'`;
  if (text.trim() === "") return usage("The data is empty; it must be JSON.", example);
  const place = text.length > SEARCHED ? null : breakingPoint(text);
  if (place === null) return usage(`The data is not valid JSON: ${reason}`, example);
  const start = Math.max(0, place - SHOWN / 2);
  const excerpt = text.slice(start, start + SHOWN).replace(/\s/g, " ");
  const found = place >= text.length ? "it ends too early" : `found ${JSON.stringify(text[place])}`;
  return usage(`The data is not valid JSON at position ${place}: ${found}.\n  ${excerpt}\n  ${" ".repeat(place - start)}^`, example);
}

/** The first character that no continuation could make right: every shorter beginning fails only because it ends. */
function breakingPoint(text: string): number {
  for (let length = 1; length <= text.length; length += 1) if (!couldGoOn(text.slice(0, length))) return length - 1;
  return text.length;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes("end of JSON input") || message.includes("Unterminated string")) return true;
    const place = / position (\d+)/.exec(message)?.[1];
    return place !== undefined && Number(place) >= beginning.length;
  }
}
