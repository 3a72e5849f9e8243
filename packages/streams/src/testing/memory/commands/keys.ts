/** Keys of any type, and plain strings. https://redis.io/docs/latest/commands/?group=generic */
import { ErrorReply, OK, Status, syntaxError, type Answer } from "../answers.ts";
import { ANY, command, numberText, wholeNumber, type Commands, type Context } from "../command.ts";
import { typeName, type Database } from "../database.ts";
import { SortedSet } from "../sorted-set.ts";
import { Stream } from "../stream.ts";

export const KEY_COMMANDS: Commands = {
  DEL: command(1, ANY, (keys, { db }) => keys.filter((key) => db.get(key) !== undefined && db.delete(key)).length),
  UNLINK: command(1, ANY, (keys, { db }) => keys.filter((key) => db.get(key) !== undefined && db.delete(key)).length),
  EXISTS: command(1, ANY, (keys, { db }) => keys.filter((key) => db.get(key) !== undefined).length),
  TYPE: command(1, 1, ([key = ""], { db }) => new Status(typeName(db.get(key)))),
  KEYS: command(1, 1, ([pattern = ""], { db }) => db.keys().filter((key) => globOf(pattern).test(key))),
  SCAN: command(1, ANY, scan),
  DBSIZE: command(0, 0, (_, { db }) => db.keys().length),
  FLUSHALL: command(0, 1, (_, { db }) => (db.flush(), OK)),
  FLUSHDB: command(0, 1, (_, { db }) => (db.flush(), OK)),
  EXPIRE: command(2, 3, (args, { db }) => expire(args, db, (amount) => db.now + amount * 1_000)),
  PEXPIRE: command(2, 3, (args, { db }) => expire(args, db, (amount) => db.now + amount)),
  EXPIREAT: command(2, 3, (args, { db }) => expire(args, db, (amount) => amount * 1_000)),
  PEXPIREAT: command(2, 3, (args, { db }) => expire(args, db, (amount) => amount)),
  PERSIST: command(1, 1, ([key = ""], { db }) => {
    if (db.get(key) === undefined || db.expiry(key) === undefined) return 0;
    db.expire(key, undefined);
    return 1;
  }),
  TTL: command(1, 1, ([key = ""], { db }) => remaining(key, db, 1_000)),
  PTTL: command(1, 1, ([key = ""], { db }) => remaining(key, db, 1)),
  MEMORY: command(1, ANY, ([what = "", key = ""], { db }) => {
    if (what.toUpperCase() !== "USAGE") throw new ErrorReply(`ERR unknown subcommand '${what}'. Try MEMORY HELP.`);
    return db.get(key) === undefined ? null : memoryOf(db, key);
  }),
  SET: command(2, ANY, set),
  GET: command(1, 1, ([key = ""], { db }) => db.text(key) ?? null),
  MGET: command(1, ANY, (keys, { db }) => keys.map((key) => (typeof db.get(key) === "string" ? (db.text(key) ?? null) : null))),
  INCR: command(1, 1, ([key = ""], context) => add(key, 1, context)),
  INCRBY: command(2, 2, ([key = "", by], context) => add(key, wholeNumber(by), context)),
  DECR: command(1, 1, ([key = ""], context) => add(key, -1, context)),
  DECRBY: command(2, 2, ([key = "", by], context) => add(key, -wholeNumber(by), context)),
};

// Private

/** `*`, `?` and `[…]` as the server matches keys. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "s");
}

/** Everything in one page: a cursor of 0 ends the scan. */
function scan([cursor = "", ...options]: readonly string[], { db }: Context): Answer {
  if (!/^\d+$/.test(cursor)) throw new ErrorReply("ERR invalid cursor");
  let [pattern, type]: [RegExp, string] = [/^/, ""];
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1] ?? "";
    const option = options[at]?.toUpperCase();
    if (option === "MATCH") pattern = globOf(value);
    else if (option === "TYPE") type = value.toLowerCase();
    else if (option !== "COUNT" || wholeNumber(value) < 1) throw syntaxError();
  }
  return ["0", db.keys().filter((key) => pattern.test(key) && (type === "" || typeName(db.get(key)) === type))];
}

function expire([key = "", amount, condition]: readonly string[], db: Database, when: (amount: number) => number): Answer {
  const at = when(wholeNumber(amount));
  const before = db.expiry(key);
  if (db.get(key) === undefined || !mayExpire(condition?.toUpperCase(), before, at)) return 0;
  if (at <= db.now) db.delete(key);
  else db.expire(key, at);
  return 1;
}

function mayExpire(condition: string | undefined, before: number | undefined, at: number): boolean {
  if (condition === "NX") return before === undefined;
  if (condition === "XX") return before !== undefined;
  if (condition === "GT") return before !== undefined && at > before;
  if (condition === "LT") return before === undefined || at < before;
  if (condition === undefined) return true;
  throw new ErrorReply(`ERR Unsupported option ${condition}`);
}

function remaining(key: string, db: Database, unit: number): number {
  if (db.get(key) === undefined) return -2;
  const at = db.expiry(key);
  return at === undefined ? -1 : Math.round((at - db.now) / unit);
}

function set([key = "", value = "", ...options]: readonly string[], { db }: Context): Answer {
  const words = options.map((word) => word.toUpperCase());
  const before = words.includes("GET") ? (db.text(key) ?? null) : null;
  const exists = db.get(key) !== undefined;
  const refused = (words.includes("NX") && exists) || (words.includes("XX") && !exists);
  if (refused) return before;
  const expires = expiryOf(words, db);
  const kept = words.includes("KEEPTTL") ? db.expiry(key) : undefined;
  db.delete(key);
  db.set(key, value);
  db.expire(key, expires ?? kept);
  return words.includes("GET") ? before : OK;
}

function expiryOf(words: readonly string[], db: Database): number | undefined {
  for (const [option, unit, base] of [
    ["EX", 1_000, db.now],
    ["PX", 1, db.now],
    ["EXAT", 1_000, 0],
    ["PXAT", 1, 0],
  ] as const) {
    const at = words.indexOf(option);
    if (at !== -1) return base + wholeNumber(words[at + 1]) * unit;
  }
  return undefined;
}

function add(key: string, step: number, { db }: Context): number {
  const value = wholeNumber(db.text(key) ?? "0") + step;
  db.set(key, numberText(value));
  return value;
}

/** What MEMORY USAGE would say, roughly: the contents and a little for each of them. */
function memoryOf(db: Database, key: string): number {
  const value = db.get(key);
  const parts: string[] = [key];
  if (typeof value === "string") parts.push(value);
  else if (value instanceof Stream) for (const { fields } of value.entries.range(0n, value.lastId)) parts.push(...fields);
  else if (value instanceof SortedSet) parts.push(...value.members().map(([member]) => member));
  else if (value !== undefined) for (const [name, content] of value.entries()) parts.push(name, content);
  return 64 + parts.reduce((sum, part) => sum + Buffer.byteLength(part) + 8, 0);
}
