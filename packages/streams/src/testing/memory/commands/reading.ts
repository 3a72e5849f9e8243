/** XREADGROUP and XREAD, with blocks that end by virtual time. https://redis.io/docs/latest/commands/xreadgroup/ */
import { ErrorReply, syntaxError, Waiting, type Answer } from "../answers.ts";
import { ANY, command, wholeNumber, type Commands, type Context } from "../command.ts";
import { MAX_ID, strictId, textOf } from "../ids.ts";
import type { Stream, StreamGroup } from "../stream.ts";
import { entryAnswer } from "./entries.ts";

export const READING_COMMANDS: Commands = {
  XREADGROUP: command(6, ANY, (args, context) => {
    const request = parse(args, true);
    if (request.group === null) throw new ErrorReply("ERR Missing GROUP option for XREADGROUP");
    return waitFor(request, () => readGroup(request, request.group ?? "", context));
  }),
  XREAD: command(3, ANY, (args, { db }) => {
    const request = parse(args, false);
    const from = request.ids.map((id, index) => (id === "$" ? (db.stream(request.keys[index] ?? "")?.lastId ?? 0n) : strictId(id)));
    return waitFor(request, () => read(request, from, { db }));
  }),
};

// Private

interface Request {
  group: string | null;
  consumer: string;
  count: number;
  /** Null: not at all. */
  block: number | null;
  noAck: boolean;
  readonly keys: readonly string[];
  readonly ids: readonly string[];
}

function parse(args: readonly string[], grouped: boolean): Request {
  const streams = args.findIndex((word, index) => word.toUpperCase() === "STREAMS" && !isValue(args[index - 1]));
  if (streams === -1) throw syntaxError();
  const names = args.slice(streams + 1);
  if (names.length === 0 || names.length % 2 === 1) throw unbalanced(grouped);
  const half = names.length / 2;
  const request: Request = {
    group: null,
    consumer: "",
    count: ANY,
    block: null,
    noAck: false,
    keys: names.slice(0, half),
    ids: names.slice(half),
  };
  options(args.slice(0, streams), request, grouped);
  return request;
}

function isValue(before: string | undefined): boolean {
  return before !== undefined && /^(COUNT|BLOCK|GROUP)$/i.test(before);
}

function options(args: readonly string[], request: Request, grouped: boolean): void {
  for (let at = 0; at < args.length; at++) {
    const option = args[at]?.toUpperCase();
    if (option === "COUNT") request.count = positive(wholeNumber(args[++at]));
    else if (option === "BLOCK") request.block = timeout(args[++at]);
    else if (option === "NOACK" && grouped) request.noAck = true;
    else if (option === "GROUP" && grouped) [request.group, request.consumer] = [args[++at] ?? "", args[++at] ?? ""];
    else throw syntaxError();
  }
}

function positive(count: number): number {
  return count <= 0 ? ANY : count;
}

function timeout(text: string | undefined): number {
  const ms = wholeNumber(text, "timeout is not an integer or out of range");
  if (ms < 0) throw new ErrorReply("ERR timeout is negative");
  return ms;
}

function waitFor(request: Request, look: () => Answer): Answer | Waiting {
  const found = look();
  return found !== null || request.block === null ? found : new Waiting(request.keys, request.block, look);
}

function readGroup(request: Request, name: string, { db }: Pick<Context, "db">): Answer {
  const sources = request.keys.map((key, index) => {
    const stream = db.stream(key);
    const group = stream?.groups.get(name);
    if (stream === undefined || group === undefined)
      throw new ErrorReply(`NOGROUP No such key '${key}' or consumer group '${name}' in XREADGROUP with GROUP option`);
    return { key, stream, group, from: startOf(request.ids[index] ?? "") };
  });
  const found: Answer[] = [];
  for (const { key, stream, group, from } of sources) {
    // Redis 7.0 learns of a consumer with its first entry only.
    if (from !== null || db.dialect === "valkey") group.seen(request.consumer, db.now);
    const entries = from === null ? fresh(stream, group, request, db.now) : held(stream, group, from, request, db.now);
    if (entries.length > 0 || from !== null) found.push([key, entries]);
  }
  return found.length === 0 ? null : found;
}

/** Null is `>`. */
function startOf(id: string): bigint | null {
  if (id === ">") return null;
  if (id !== "$") return strictId(id);
  throw new ErrorReply(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
  );
}

function fresh(stream: Stream, group: StreamGroup, request: Request, now: number): Answer[] {
  const found: Answer[] = [];
  if ((stream.entries.last?.id ?? 0n) <= group.lastId) return found;
  const consumer = group.seen(request.consumer, now);
  for (const entry of stream.entries.range(group.lastId + 1n, MAX_ID)) {
    stream.advance(group, entry.id);
    if (!request.noAck) group.deliver(entry.id, consumer, now);
    found.push(entryAnswer(entry));
    if (found.length === request.count) break;
  }
  return found;
}

/** The consumer's own pending entries again; each look counts as a delivery. */
function held(stream: Stream, group: StreamGroup, after: bigint, request: Request, now: number): Answer[] {
  const found: Answer[] = [];
  for (const one of group.pending.range(after + 1n, MAX_ID)) {
    if (one.consumer.name !== request.consumer) continue;
    const entry = stream.entries.get(one.id);
    found.push(entry === undefined ? [textOf(one.id), null] : entryAnswer(entry));
    if (entry !== undefined) [one.deliveredAt, one.count] = [now, one.count + 1];
    if (found.length === request.count) break;
  }
  return found;
}

function read(request: Request, from: readonly bigint[], { db }: Pick<Context, "db">): Answer {
  const found: Answer[] = [];
  request.keys.forEach((key, index) => {
    const entries: Answer[] = [];
    for (const entry of db.stream(key)?.entries.range((from[index] ?? 0n) + 1n, MAX_ID) ?? []) {
      entries.push(entryAnswer(entry));
      if (entries.length === request.count) break;
    }
    if (entries.length > 0) found.push([key, entries]);
  });
  return found.length === 0 ? null : found;
}

function unbalanced(grouped: boolean): ErrorReply {
  const name = grouped ? "xreadgroup" : "xread";
  return new ErrorReply(
    `ERR Unbalanced '${name}' list of streams: for each stream key an ID or '${grouped ? ">" : "$"}' must be specified.`,
  );
}
