/** The known word that a typed one was probably meant to be. Pure. */

/** Undefined where nothing is close: more than a third of the letters would have to change. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const ranked = known.map((word) => ({ word, steps: distance(typed, word) })).sort((one, other) => one.steps - other.steps);
  const best = ranked[0];
  return best !== undefined && best.steps <= Math.max(1, Math.floor(typed.length / 3)) ? best.word : undefined;
}

// Private

/** Levenshtein's edit distance, one row at a time. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const replaced = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
