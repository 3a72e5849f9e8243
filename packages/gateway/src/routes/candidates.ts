/** Each route of a target, asked one by one: which is the first that matches, and why the others are not. */
import { matcher, takesPath, unmet } from "./match.ts";
import type { Question, RouteEntry, TargetEntry } from "./question.ts";
import type { RouteData } from "./spec.ts";
import type { RouteTable } from "./table.ts";

export interface Candidate {
  readonly route: string;
  readonly pattern: string;
  readonly priority: number;
  readonly matched: boolean;
  readonly why: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** How many routes are not listed. */
  readonly omitted: number;
}

export function candidates(table: RouteTable, target: TargetEntry, question: Question): Candidates {
  const list: Candidate[] = [];
  let others = 0;
  let winner: RouteEntry | null = null;
  const all = table.routes.filter((route) => table.applies(route, target));
  for (const route of all) {
    const { fits, why } = judge(route, question, winner);
    if (!fits) others += 1;
    if (fits || others <= MOST_OTHERS) list.push({ route: route.name, ...shape(route.data), matched: why === MATCHED, why });
    if (why === MATCHED) winner = route;
  }
  return { candidates: list, omitted: Math.max(0, others - MOST_OTHERS) };
}

/** As people know a pattern again. */
export function form({ path_pattern: pattern, is_regex: isRegex, exact }: RouteData): string {
  if (isRegex) return `${pattern} (regex)`;
  return exact ? `${pattern} (exact)` : pattern;
}

// Private

/** Routes whose path does not fit are listed up to this number. */
const MOST_OTHERS = 50;
const MATCHED = "matches, and is the first to";

function judge(route: RouteEntry, question: Question, winner: RouteEntry | null): { fits: boolean; why: string } {
  const found = matcher(route);
  if (!takesPath(found, question.path)) return { fits: false, why: `its path ${form(route.data)} does not take ${question.path}` };
  const missing = unmet(found, question);
  if (missing !== null) return { fits: true, why: inWords(missing, route.data, question) };
  return { fits: true, why: winner === null ? MATCHED : `matches too, but ${winner.name} comes first` };
}

function shape({ path_pattern: pattern, priority }: RouteData): Pick<Candidate, "pattern" | "priority"> {
  return { pattern, priority };
}

function inWords(missing: NonNullable<ReturnType<typeof unmet>>, data: RouteData, question: Question): string {
  if (missing === "method") return `it is for ${data.methods?.join(", ") ?? ""}, not ${question.method}`;
  if (missing === "client") return `it is for clients of ${data.clients.join(", ")}, not ${question.client}`;
  if (missing === "header") return `it wants the header ${told(data.headers)}`;
  return `it wants the query ${told(data.query)}`;
}

function told(wanted: Readonly<Record<string, string | null>>): string {
  return Object.entries(wanted)
    .map(([name, value]) => (value === null ? name : `${name}=${value}`))
    .join(", ");
}
