/** What a target's owner adds, replaces and removes, made into text once for each version of the target. */
import type { TargetData } from "../../../routes/spec.ts";
import { fold, isReserved } from "./managed.ts";
import { line } from "./values.ts";

export interface CustomLines {
  /** Folded names of what is replaced or removed. */
  readonly names: readonly string[];
  /** Lines with CRLF each. */
  readonly text: string;
}

const requests = new WeakMap<TargetData, CustomLines>();
const responses = new WeakMap<TargetData, CustomLines>();

export function customRequestLines(target: TargetData): CustomLines {
  return requests.get(target) ?? keep(requests, target, compile(target.custom_headers, isReserved));
}

export function customResponseLines(target: TargetData): CustomLines {
  return responses.get(target) ?? keep(responses, target, compile(target.custom_response_headers, isOfTheAnswer));
}

// Private

function keep(where: WeakMap<TargetData, CustomLines>, target: TargetData, lines: CustomLines): CustomLines {
  where.set(target, lines);
  return lines;
}

/** Those that are ours were refused when the target was stored; here they are passed over. */
function compile(headers: Readonly<Record<string, string | null>>, refused: (name: string) => boolean): CustomLines {
  const allowed = Object.entries(headers).filter(([name]) => !refused(name));
  return {
    names: allowed.map(([name]) => fold(name)),
    text: allowed.map(([name, value]) => (value === null ? "" : line(name, value))).join(""),
  };
}

const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
  "trailer",
  "upgrade",
  "via",
]);

function isOfTheAnswer(name: string): boolean {
  return FRAMING.has(name.toLowerCase());
}
