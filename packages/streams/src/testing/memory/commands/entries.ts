/** Writing to a stream and reading ranges of it. https://redis.io/docs/latest/commands/xadd/ */
import { ErrorReply, OK, syntaxError, type Answer } from "../answers.ts";
import { ANY, command, wholeNumber, wrongCount, type Commands, type Context } from "../command.ts";
import { idOf, MAX_ID, MAX_SEQUENCE, rangeEnd, rangeStart, strictId, textOf, timeOf } from "../ids.ts";
import { Stream, type StoredEntry } from "../stream.ts";

export const ENTRY_COMMANDS: Commands = {
  XADD: command(4, ANY, add),
  XTRIM: command(3, ANY, (args, { db }) => {
    const trimming = trimOptions(args, 1);
    if (trimming.next !== args.length) throw syntaxError();
    const stream = db.stream(args[0] as string);
    return stream === undefined ? 0 : trim(stream, trimming);
  }),
  XDEL: command(2, ANY, (args, { db }) => {
    const stream = db.stream(args[0] as string);
    if (stream === undefined) return 0;
    const ids = args.slice(1).map((id) => strictId(id));
    return ids.filter((id) => stream.delete(id)).length;
  }),
  XLEN: command(1, 1, ([key], { db }) => db.stream(key as string)?.entries.size ?? 0),
  XRANGE: command(3, 5, (args, context) => range(args, context, false)),
  XREVRANGE: command(3, 5, (args, context) => range(args, context, true)),
  XSETID: command(2, 6, setId),
};

export function entryAnswer({ id, fields }: StoredEntry): Answer {
  return [textOf(id), [...fields]];
}

// Private

interface Trimming {
  readonly by: "MAXLEN" | "MINID" | null;
  readonly limit: bigint;
  readonly approximate: boolean;
  /** The first argument after the options. */
  readonly next: number;
}

/** What a node of Redis' radix tree holds: `~` removes whole nodes only. */
const NODE = 100;

function add(args: readonly string[], { db }: Context): Answer {
  const key = args[0] as string;
  const [optional, first] = args[1]?.toUpperCase() === "NOMKSTREAM" ? [true, 2] : [false, 1];
  const trimming = /^(MAXLEN|MINID)$/i.test(args[first] ?? "") ? trimOptions(args, first) : null;
  const at = trimming?.next ?? first;
  const fields = args.slice(at + 1);
  if (fields.length === 0 || fields.length % 2 === 1) throw wrongCount("xadd");
  const asked = askedId(args[at] as string);
  const stream = db.stream(key) ?? new Stream();
  if (optional && db.get(key) === undefined) return null;
  const id = nextId(asked, stream, db.now);
  stream.append(id, fields);
  db.set(key, stream);
  db.changed(key);
  if (trimming !== null) trim(stream, trimming);
  return textOf(id);
}

/** Null is `*`; a null sequence is `<ms>-*`. */
function askedId(text: string): { time: bigint; sequence: bigint | null } | null {
  if (text === "*") return null;
  const open = text.endsWith("-*");
  const id = strictId(open ? text.slice(0, -2) : text);
  if (id === 0n && !open) throw new ErrorReply("ERR The ID specified in XADD must be greater than 0-0");
  return { time: timeOf(id), sequence: open ? null : id & MAX_SEQUENCE };
}

function nextId(asked: ReturnType<typeof askedId>, stream: Stream, now: number): bigint {
  const { lastId } = stream;
  if (lastId === MAX_ID) throw new ErrorReply("ERR The stream has exhausted the last possible ID, unable to add more items");
  if (asked === null) return BigInt(now) > timeOf(lastId) ? idOf(BigInt(now), 0n) : lastId + 1n;
  const { time, sequence } = asked;
  let id = idOf(time, sequence ?? 0n);
  if (sequence === null && time === timeOf(lastId) && (lastId & MAX_SEQUENCE) !== MAX_SEQUENCE) id = lastId + 1n;
  if (id <= lastId) throw new ErrorReply("ERR The ID specified in XADD is equal or smaller than the target stream top item");
  return id;
}

function trimOptions(args: readonly string[], from: number): Trimming {
  const by = args[from]?.toUpperCase();
  if (by !== "MAXLEN" && by !== "MINID") throw syntaxError();
  let at = from + 1;
  const approximate = args[at] === "~";
  if (args[at] === "~" || args[at] === "=") at++;
  if (args[at] === undefined) throw syntaxError();
  const limit = by === "MINID" ? strictId(args[at] ?? "") : BigInt(wholeNumber(args[at]));
  if (limit < 0n) throw new ErrorReply("ERR The MAXLEN argument must be >= 0.");
  at++;
  if (args[at]?.toUpperCase() !== "LIMIT") return { by, limit, approximate, next: at };
  if (!approximate) throw new ErrorReply("ERR syntax error, LIMIT cannot be used without the special ~ option");
  return { by, limit, approximate, next: at + 2 };
}

function trim(stream: Stream, { by, limit, approximate }: Trimming): number {
  const excess = by === "MINID" ? stream.entries.before(limit) : stream.entries.size - Number(limit);
  return stream.trim(approximate ? Math.floor(excess / NODE) * NODE : excess);
}

function range(args: readonly string[], { db }: Context, reverse: boolean): Answer {
  const [key = "", first = "", second = ""] = args;
  const [from, to] = reverse ? [rangeStart(second), rangeEnd(first)] : [rangeStart(first), rangeEnd(second)];
  const count = countOption(args.slice(3));
  const stream = db.stream(key);
  if (stream === undefined || count === 0) return stream === undefined ? [] : null;
  const found: Answer[] = [];
  for (const entry of reverse ? stream.entries.reversed(from, to) : stream.entries.range(from, to)) {
    found.push(entryAnswer(entry));
    if (found.length === count) break;
  }
  return found;
}

function countOption(options: readonly string[]): number {
  if (options.length === 0) return ANY;
  if (options.length !== 2 || options[0]?.toUpperCase() !== "COUNT") throw syntaxError();
  return Math.max(0, wholeNumber(options[1]));
}

function setId(args: readonly string[], { db }: Context): Answer {
  const id = strictId(args[1] as string);
  const stream = db.stream(args[0] as string);
  if (stream === undefined) throw new ErrorReply("ERR no such key");
  if (id < (stream.entries.last?.id ?? 0n))
    throw new ErrorReply("ERR The ID specified in XSETID is smaller than the target stream top item");
  stream.lastId = id;
  for (let at = 2; at < args.length; at += 2) {
    if (args[at]?.toUpperCase() === "ENTRIESADDED") stream.entriesAdded = wholeNumber(args[at + 1]);
    else if (args[at]?.toUpperCase() === "MAXDELETEDID") stream.maxDeletedId = strictId(args[at + 1] ?? "");
    else throw syntaxError();
  }
  return OK;
}
