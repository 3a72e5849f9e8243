/** Groups and their consumers, and what XINFO tells. https://redis.io/docs/latest/commands/xgroup/ */
import { ErrorReply, OK, syntaxError, type Answer } from "../answers.ts";
import { ANY, command, wholeNumber, wrongCount, type Commands, type Context } from "../command.ts";
import type { Database } from "../database.ts";
import { strictId, textOf } from "../ids.ts";
import { Stream, StreamGroup } from "../stream.ts";
import { entryAnswer } from "./entries.ts";

export const GROUP_COMMANDS: Commands = {
  XGROUP: command(1, ANY, (args, context) => {
    const [name = "", ...rest] = args;
    const act = GROUP_ACTS[name.toUpperCase()];
    if (act === undefined) throw unknownSubcommand("XGROUP", name);
    if (rest.length < act.takes[0] || rest.length > act.takes[1]) throw wrongCount(`xgroup|${name}`);
    return act.run(rest, context);
  }),
  XINFO: command(1, ANY, (args, context) => {
    const [name = "", ...rest] = args;
    const view = VIEWS[name.toUpperCase()];
    if (view === undefined) throw unknownSubcommand("XINFO", name);
    if (rest.length < view.takes[0] || rest.length > view.takes[1]) throw wrongCount(`xinfo|${name}`);
    return view.run(rest, context);
  }),
};

export function unknownSubcommand(name: string, found: string): ErrorReply {
  return new ErrorReply(`ERR unknown subcommand '${found}'. Try ${name} HELP.`);
}

// Private

const GROUP_ACTS: Commands = {
  CREATE: command(3, 6, create),
  SETID: command(3, 5, ([key = "", name = "", id = "", ...options], { db }) => {
    const entriesRead = createOptions(options, false).entriesRead;
    const [stream, group] = existing(db, key, name);
    [group.lastId, group.entriesRead] = [id === "$" ? stream.lastId : strictId(id), entriesRead];
    return OK;
  }),
  DESTROY: command(2, 2, ([key = "", name = ""], { db }) => {
    const stream = db.stream(key);
    if (stream === undefined) throw missingKey();
    db.changed(key);
    return stream.groups.delete(name) ? 1 : 0;
  }),
  CREATECONSUMER: command(3, 3, ([key = "", name = "", consumer = ""], { db }) => {
    const [, group] = existing(db, key, name);
    if (group.consumer(consumer) !== undefined) return 0;
    group.create(consumer, db.now);
    return 1;
  }),
  DELCONSUMER: command(3, 3, ([key = "", name = "", consumer = ""], { db }) => existing(db, key, name)[1].remove(consumer)),
};

const VIEWS: Commands = {
  STREAM: command(1, 1, ([key = ""], { db }) => {
    const stream = known(db, key);
    const { first, last, size } = stream.entries;
    return [
      ["length", size],
      ["radix-tree-keys", Math.ceil(size / 100)],
      ["radix-tree-nodes", Math.ceil(size / 100) + 1],
      ["last-generated-id", textOf(stream.lastId)],
      ["max-deleted-entry-id", textOf(stream.maxDeletedId)],
      ["entries-added", stream.entriesAdded],
      ["recorded-first-entry-id", textOf(stream.firstId)],
      ["groups", stream.groups.size],
      ["first-entry", first === undefined ? null : entryAnswer(first)],
      ["last-entry", last === undefined ? null : entryAnswer(last)],
    ].flat(1) as Answer;
  }),
  GROUPS: command(1, 1, ([key = ""], { db }) => {
    const stream = known(db, key);
    const sorted = [...stream.groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([name, group]) => groupAnswer(stream, name, group));
  }),
  CONSUMERS: command(2, 2, ([key = "", name = ""], { db }) => {
    const group = known(db, key).groups.get(name);
    if (group === undefined) throw missingGroup(name, key);
    return group.consumers().map((consumer) => {
      const idle = Math.max(0, db.now - consumer.seenAt);
      return ["name", consumer.name, "pending", consumer.pending, "idle", idle];
    });
  }),
};

function create([key = "", name = "", id = "", ...options]: readonly string[], { db }: Context): Answer {
  const { makeStream, entriesRead } = createOptions(options, true);
  let stream = db.stream(key);
  if (stream === undefined && !makeStream) throw missingKey();
  const start = id === "$" ? (stream?.lastId ?? 0n) : strictId(id);
  if (stream === undefined) db.set(key, (stream = new Stream()));
  if (stream.groups.has(name)) throw new ErrorReply("BUSYGROUP Consumer Group name already exists");
  stream.groups.set(name, new StreamGroup(start, entriesRead));
  return OK;
}

function createOptions(options: readonly string[], creating: boolean): { makeStream: boolean; entriesRead: number | null } {
  let [makeStream, entriesRead]: [boolean, number | null] = [false, null];
  for (let at = 0; at < options.length; at++) {
    const option = options[at]?.toUpperCase();
    if (option === "MKSTREAM" && creating) makeStream = true;
    else if (option === "ENTRIESREAD") entriesRead = readCount(options[++at]);
    else throw syntaxError();
  }
  return { makeStream, entriesRead };
}

function readCount(text: string | undefined): number | null {
  const count = wholeNumber(text);
  if (count < -1) throw new ErrorReply("ERR value for ENTRIESREAD must be positive or -1");
  return count === -1 ? null : count;
}

function groupAnswer(stream: Stream, name: string, group: StreamGroup): Answer {
  return [
    ["name", name],
    ["consumers", group.consumers().length],
    ["pending", group.pending.size],
    ["last-delivered-id", textOf(group.lastId)],
    ["entries-read", group.entriesRead],
    ["lag", stream.lag(group)],
  ].flat(1);
}

function known(db: Database, key: string): Stream {
  const stream = db.stream(key);
  if (stream === undefined) throw new ErrorReply("ERR no such key");
  return stream;
}

function existing(db: Database, key: string, name: string): [Stream, StreamGroup] {
  const stream = db.stream(key);
  if (stream === undefined) throw missingKey();
  const group = stream.groups.get(name);
  if (group === undefined) throw missingGroup(name, key);
  return [stream, group];
}

function missingKey(): ErrorReply {
  return new ErrorReply(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
  );
}

function missingGroup(name: string, key: string): ErrorReply {
  return new ErrorReply(`NOGROUP No such consumer group '${name}' for key name '${key}'`);
}
