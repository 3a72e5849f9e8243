/**
 * Which regexes a person may give. V8's engine backtracks, so a pattern can be made to take for ever: refused are the forms from which that comes,
 * repetition of what repeats or branches inside, and backreferences. Not exact: it refuses some harmless patterns. Open repetitions are counted, two
 * at most, so the worst is the square of a path of 8 KiB: a tenth of a second, where both can take the same characters (`.*.*x`).
 */
const LONGEST = 256;
const MOST_OPEN = 2;

/** Null: it may be used. Else why not, to be said after "it". */
export function regexProblem(pattern: string): string | null {
  if (pattern.length > LONGEST) return `has more than ${LONGEST} characters`;
  const broken = syntaxProblem(pattern);
  if (broken !== null) return broken;
  if (/\\[1-9]|\\k</.test(pattern.replaceAll("\\\\", ""))) return "has a backreference, which can take too long";
  if (/\(\?<?[=!]/.test(pattern)) return "looks ahead or behind, which is not supported";
  return repetitionProblem(tokens(pattern));
}

// Private

function syntaxProblem(pattern: string): string | null {
  try {
    return new RegExp(pattern).source === "" ? "is empty" : null;
  } catch (error) {
    return `is no regular expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type Token = "(" | ")" | "|" | "repeat" | "open" | "other";

/** Classes and escapes are one token; `open` repeats without a bound that is small. */
function tokens(pattern: string): Token[] {
  const parts = pattern.match(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?[:<][^>:(]*>?|\{\d+(?:,\d*)?\}|[\s\S]/g) ?? [];
  return parts.map((part) => {
    if (part.startsWith("(")) return "(";
    if (part === ")" || part === "|") return part;
    if (part === "*" || part === "+") return "open";
    if (part.startsWith("{") && part.length > 1) return bounded(part);
    return "other";
  });
}

function bounded(part: string): Token {
  const [least = "", most = least] = part.slice(1, -1).split(",");
  return most === "" || Number(most) > 64 ? "open" : Number(most) > 1 ? "repeat" : "other";
}

function repetitionProblem(all: readonly Token[]): string | null {
  const stack = [{ repeats: false }];
  let open = 0;
  for (const [at, token] of all.entries()) {
    if (token === "open") open += 1;
    if (token === "(") stack.push({ repeats: false });
    if (token === "|" || token === "open" || token === "repeat") mark(stack);
    if (token !== ")") continue;
    const inside = stack.pop();
    const next = all[at + 1];
    if (inside?.repeats === true && (next === "open" || next === "repeat"))
      return "repeats a group that repeats or branches inside, which can take too long";
    if (inside?.repeats === true) mark(stack);
  }
  return open > MOST_OPEN ? `has more than ${MOST_OPEN} open repetitions (*, +, {n,}), which can take too long` : null;
}

function mark(stack: { repeats: boolean }[]): void {
  const top = stack.at(-1);
  if (top !== undefined) top.repeats = true;
}
