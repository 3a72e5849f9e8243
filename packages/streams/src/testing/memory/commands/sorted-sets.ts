/** Sorted sets by score and rank. https://redis.io/docs/latest/commands/?group=sorted-set */
import { ErrorReply, syntaxError, type Answer } from "../answers.ts";
import { ANY, command, decimal, numberText, wholeNumber, type Commands, type Context } from "../command.ts";
import { SortedSet } from "../sorted-set.ts";

export const SORTED_SET_COMMANDS: Commands = {
  ZADD: command(3, ANY, add),
  ZREM: command(2, ANY, ([key = "", ...names], { db }) => {
    const set = db.sortedSet(key);
    if (set === undefined) return 0;
    const removed = names.filter((name) => set.delete(name)).length;
    db.dropEmpty(key, set);
    return removed;
  }),
  ZCARD: command(1, 1, ([key = ""], { db }) => db.sortedSet(key)?.size ?? 0),
  ZSCORE: command(2, 2, ([key = "", name = ""], { db }) => scoreText(db.sortedSet(key)?.score(name))),
  ZMSCORE: command(2, ANY, ([key = "", ...names], { db }) => names.map((name) => scoreText(db.sortedSet(key)?.score(name)))),
  ZINCRBY: command(3, 3, ([key = "", by, name = ""], { db }) => {
    const set = db.sortedSet(key) ?? new SortedSet();
    const score = (set.score(name) ?? 0) + decimal(by);
    set.set(name, score);
    db.set(key, set);
    return numberText(score);
  }),
  ZRANK: command(2, 2, ([key = "", name = ""], { db }) => {
    const rank =
      db
        .sortedSet(key)
        ?.members()
        .findIndex(([member]) => member === name) ?? -1;
    return rank === -1 ? null : rank;
  }),
  ZCOUNT: command(3, 3, ([key = "", least = "", most = ""], context) => byScore(key, least, most, context).length),
  ZRANGE: command(3, ANY, range),
  ZREVRANGE: command(3, 4, ([key = "", first = "", last = "", ...options], context) =>
    range([key, first, last, "REV", ...options], context),
  ),
  ZRANGEBYSCORE: command(3, ANY, ([key = "", least = "", most = "", ...options], context) =>
    range([key, least, most, "BYSCORE", ...options], context),
  ),
  ZREVRANGEBYSCORE: command(3, ANY, ([key = "", most = "", least = "", ...options], context) =>
    range([key, most, least, "BYSCORE", "REV", ...options], context),
  ),
  ZREMRANGEBYSCORE: command(3, 3, ([key = "", least = "", most = ""], context) => remove(key, byScore(key, least, most, context), context)),
  ZREMRANGEBYRANK: command(3, 3, ([key = "", first, last], context) => remove(key, byRank(rows(key, context), first, last), context)),
  ZPOPMIN: command(1, 2, ([key = "", count], context) => {
    const taken = rows(key, context).slice(0, count === undefined ? 1 : wholeNumber(count));
    remove(key, taken, context);
    return taken.flatMap(([member, score]) => [member, numberText(score)]);
  }),
};

// Private

type Rows = readonly (readonly [member: string, score: number])[];

function add([key = "", ...rest]: readonly string[], { db }: Context): Answer {
  const first = rest.findIndex((word) => !/^(NX|XX|GT|LT|CH|INCR)$/i.test(word));
  const options = new Set(rest.slice(0, first).map((word) => word.toUpperCase()));
  const pairs = rest.slice(first);
  if (pairs.length === 0 || pairs.length % 2 === 1) throw syntaxError();
  const scores = pairs.filter((_, index) => index % 2 === 0).map(decimal);
  const set = db.sortedSet(key) ?? new SortedSet();
  let [added, changed] = [0, 0];
  scores.forEach((score, index) => {
    const member = pairs[index * 2 + 1] as string;
    const before = set.score(member);
    if (!allowed(options, before, score)) return;
    if (before === undefined) added++;
    else if (before !== score) changed++;
    set.set(member, score);
  });
  if (set.size > 0) db.set(key, set);
  return options.has("CH") ? added + changed : added;
}

function allowed(options: ReadonlySet<string>, before: number | undefined, score: number): boolean {
  if (before === undefined) return !options.has("XX");
  if (options.has("NX")) return false;
  return !(options.has("GT") && score <= before) && !(options.has("LT") && score >= before);
}

function range([key = "", first = "", last = "", ...words]: readonly string[], context: Context): Answer {
  const options = words.map((word) => word.toUpperCase());
  const reverse = options.includes("REV");
  const limit = options.indexOf("LIMIT");
  let found: Rows;
  if (options.includes("BYSCORE")) {
    found = reverse ? byScore(key, last, first, context).toReversed() : byScore(key, first, last, context);
    if (limit !== -1) found = page(found, wholeNumber(options[limit + 1]), wholeNumber(options[limit + 2]));
  } else {
    const all = rows(key, context);
    found = byRank(reverse ? all.toReversed() : all, first, last);
  }
  return found.flatMap(([member, score]) => (options.includes("WITHSCORES") ? [member, numberText(score)] : [member]));
}

function page(found: Rows, offset: number, count: number): Rows {
  return found.slice(offset, count < 0 ? undefined : offset + count);
}

function rows(key: string, { db }: Context): Rows {
  return db.sortedSet(key)?.members() ?? [];
}

function byRank(found: Rows, first: string | undefined, last: string | undefined): Rows {
  const place = (text: string | undefined): number => {
    const rank = wholeNumber(text);
    return rank < 0 ? Math.max(-1, found.length + rank) : rank;
  };
  return found.slice(Math.max(0, place(first)), place(last) + 1);
}

function byScore(key: string, least: string, most: string, context: Context): Rows {
  const [low, high] = [bound(least), bound(most)];
  return rows(key, context).filter(
    ([, score]) => (low.open ? score > low.value : score >= low.value) && (high.open ? score < high.value : score <= high.value),
  );
}

function bound(text: string): { value: number; open: boolean } {
  try {
    return text.startsWith("(") ? { value: decimal(text.slice(1)), open: true } : { value: decimal(text), open: false };
  } catch {
    throw new ErrorReply("ERR min or max is not a float");
  }
}

function remove(key: string, found: Rows, { db }: Context): number {
  const set = db.sortedSet(key);
  if (set === undefined) return 0;
  for (const [member] of found) set.delete(member);
  db.dropEmpty(key, set);
  return found.length;
}

function scoreText(score: number | undefined): string | null {
  return score === undefined ? null : numberText(score);
}
