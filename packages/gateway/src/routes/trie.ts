/**
 * Routes by the segments of their paths: of thousands only those on the way of a request's path are looked at. A regex stands where its literal
 * beginning ends. `first` is the hot path: nothing is allocated but slices.
 */
import { prefixOf, REGEX_PATH, unmet, type Matcher } from "./match.ts";
import type { Question } from "./question.ts";

export interface Ranked {
  readonly matcher: Matcher;
  /** Place in the order of all routes; lower is first. */
  readonly rank: number;
}

/** Which of the global routes a target has. */
export interface Choice {
  allows(route: string): boolean;
}

export class Trie {
  readonly #root = node();

  /** In ascending rank only. */
  add(ranked: Ranked): void {
    const { entry, regex } = ranked.matcher;
    const pattern = entry.data.path_pattern;
    if (regex !== null) this.#at(literalStart(pattern)).regexes.push(ranked);
    else if (entry.data.exact) this.#at(pattern).exact.push(ranked);
    else this.#at(pattern === "/" ? "" : prefixOf(pattern)).below.push(ranked);
  }

  /** Of all that match the first one, where it ranks before `known`; else `known`. `path` stands for the question's. */
  first(question: Question, path: string, choice: Choice, known: Ranked | null): Ranked | null {
    let best = known;
    let at: Node | undefined = this.#root;
    let from = 1;
    while (at !== undefined) {
      best = pick(at.below, question, path, choice, best);
      best = pick(at.regexes, question, path, choice, best);
      if (from > path.length) return pick(at.exact, question, path, choice, best);
      const slash = path.indexOf("/", from);
      const end = slash === -1 ? path.length : slash;
      at = at.children?.get(path.slice(from, end));
      from = end + 1;
    }
    return best;
  }

  #at(path: string): Node {
    let at = this.#root;
    for (const segment of path === "" ? [] : path.slice(1).split("/")) {
      at.children ??= new Map();
      let next = at.children.get(segment);
      if (next === undefined) at.children.set(segment, (next = node()));
      at = next;
    }
    return at;
  }
}

/** The whole segments a regex begins with, as a path: `^/api/v[0-9]+` → `/api`, `^/api` → `` (it may be `/apix`). Only what is certain. */
function literalStart(pattern: string): string {
  const body = pattern.startsWith("^") ? pattern.slice(1) : pattern;
  if (body.includes("|")) return "";
  const literal = LITERAL.exec(body)?.[0] ?? "";
  const certain = /^[*?+{]/.test(body.slice(literal.length)) ? literal.slice(0, -1) : literal;
  return certain.slice(0, Math.max(0, certain.lastIndexOf("/")));
}

// Private

const LITERAL = /^(?:\/[A-Za-z0-9_~-]*)*/;

interface Node {
  children: Map<string, Node> | null;
  readonly below: Ranked[];
  readonly exact: Ranked[];
  readonly regexes: Ranked[];
}

function node(): Node {
  return { children: null, below: [], exact: [], regexes: [] };
}

function pick(list: readonly Ranked[], question: Question, path: string, choice: Choice, known: Ranked | null): Ranked | null {
  for (const ranked of list) {
    if (known !== null && ranked.rank >= known.rank) return known;
    const { regex, entry } = ranked.matcher;
    const fits = regex === null || (path.length <= REGEX_PATH && regex.test(path));
    if (fits && choice.allows(entry.name) && unmet(ranked.matcher, question) === null) return ranked;
  }
  return known;
}
