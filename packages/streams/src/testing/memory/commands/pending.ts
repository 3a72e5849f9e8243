/** The pending list: looking, acknowledging, claiming. https://redis.io/docs/latest/commands/xautoclaim/ */
import { ErrorReply, syntaxError, type Answer } from "../answers.ts";
import { ANY, command, wholeNumber, type Commands, type Context } from "../command.ts";
import type { Database } from "../database.ts";
import { MAX_ID, rangeEnd, rangeStart, strictId, textOf } from "../ids.ts";
import type { PendingEntry, Stream, StreamGroup } from "../stream.ts";
import { entryAnswer } from "./entries.ts";

export const PENDING_COMMANDS: Commands = {
  XACK: command(3, ANY, ([key = "", name = "", ...ids], { db }) => {
    const group = db.stream(key)?.groups.get(name);
    if (group === undefined) return 0;
    const parsed = ids.map((id) => strictId(id));
    return parsed.filter((id) => group.acknowledge(id)).length;
  }),
  XPENDING: command(2, 8, pending),
  XCLAIM: command(5, ANY, claim),
  XAUTOCLAIM: command(5, 8, autoClaim),
};

// Private

function pending(args: readonly string[], { db }: Context): Answer {
  const [key = "", name = "", ...rest] = args;
  if (rest.length === 0) return summary(groupOf(db, key, name)[1]);
  const [idle, bounds] = rest[0]?.toUpperCase() === "IDLE" ? [wholeNumber(rest[1]), rest.slice(2)] : [0, rest];
  if (bounds.length !== 3 && bounds.length !== 4) throw syntaxError();
  const count = Math.max(0, wholeNumber(bounds[2]));
  const [from, to] = [rangeStart(bounds[0] ?? ""), rangeEnd(bounds[1] ?? "")];
  const group = groupOf(db, key, name)[1];
  const consumer = bounds[3] === undefined ? undefined : group.consumer(bounds[3]);
  if (bounds[3] !== undefined && consumer === undefined) return [];
  const rows: Answer[] = [];
  for (const one of count === 0 ? [] : group.pending.range(from, to)) {
    if (consumer !== undefined && one.consumer !== consumer) continue;
    if (idle > 0 && db.now - one.deliveredAt < idle) continue;
    rows.push([textOf(one.id), one.consumer.name, Math.max(0, db.now - one.deliveredAt), one.count]);
    if (rows.length === count) break;
  }
  return rows;
}

function summary(group: StreamGroup): Answer {
  const { first, last, size } = group.pending;
  if (first === undefined || last === undefined) return [0, null, null, null];
  const holders = group.consumers().filter((consumer) => consumer.pending > 0);
  return [size, textOf(first.id), textOf(last.id), holders.map((consumer) => [consumer.name, String(consumer.pending)])];
}

interface Claim {
  idle: number;
  deliveredAt: number | null;
  count: number | null;
  force: boolean;
  justId: boolean;
  lastId: bigint;
}

function claim([key = "", name = "", owner = "", least = "", ...rest]: readonly string[], { db }: Context): Answer {
  const [stream, group] = groupOf(db, key, name);
  const idle = Math.max(0, wholeNumber(least, "Invalid min-idle-time argument for XCLAIM"));
  strictId(rest[0] ?? "");
  const end = rest.findIndex((word) => !/^\d+(-\d+)?$/.test(word));
  const ids = (end === -1 ? rest : rest.slice(0, end)).map((id) => strictId(id));
  const wanted = claimOptions(end === -1 ? [] : rest.slice(end), idle, db.now);
  if (wanted.lastId > group.lastId) group.lastId = wanted.lastId;
  if (db.dialect === "valkey") group.seen(owner, db.now);
  const answers = ids.map((id) => claimOne(stream, group, id, owner, wanted, db.now));
  return answers.filter((answer) => answer !== null);
}

function claimOptions(options: readonly string[], idle: number, now: number): Claim {
  const wanted: Claim = { idle, deliveredAt: null, count: null, force: false, justId: false, lastId: 0n };
  for (let at = 0; at < options.length; at++) {
    const option = options[at]?.toUpperCase();
    const value = options[at + 1];
    if (option === "FORCE") wanted.force = true;
    else if (option === "JUSTID") wanted.justId = true;
    else if (value === undefined) throw new ErrorReply(`ERR Unrecognized XCLAIM option '${options[at] ?? ""}'`);
    else if (option === "IDLE") wanted.deliveredAt = now - wholeNumber(value, "Invalid IDLE option argument for XCLAIM");
    else if (option === "TIME") wanted.deliveredAt = wholeNumber(value, "Invalid TIME option argument for XCLAIM");
    else if (option === "RETRYCOUNT") wanted.count = wholeNumber(value, "Invalid RETRYCOUNT option argument for XCLAIM");
    else if (option === "LASTID") wanted.lastId = strictId(value);
    else throw new ErrorReply(`ERR Unrecognized XCLAIM option '${options[at] ?? ""}'`);
    if (option !== "FORCE" && option !== "JUSTID") at++;
  }
  return wanted;
}

function claimOne(stream: Stream, group: StreamGroup, id: bigint, owner: string, wanted: Claim, now: number): Answer {
  const entry = stream.entries.get(id);
  if (entry === undefined) {
    group.acknowledge(id);
    return null;
  }
  const known = group.pending.get(id);
  if (known === undefined && !wanted.force) return null;
  if (known !== undefined && wanted.idle > 0 && now - known.deliveredAt < wanted.idle) return null;
  if (known === undefined) group.deliver(id, group.seen(owner, now), now);
  const one = group.pending.get(id) as PendingEntry;
  group.give(one, group.seen(owner, now));
  const asked = wanted.deliveredAt ?? now;
  one.deliveredAt = asked < 0 || asked > now ? now : asked;
  if (wanted.count !== null && wanted.count >= 0) one.count = wanted.count;
  else if (!wanted.justId) one.count++;
  return wanted.justId ? textOf(id) : entryAnswer(entry);
}

/** Entries looked at for each one that may be taken. */
const LOOKS = 10;

function autoClaim([key = "", name = "", owner = "", least = "", start = "", ...options]: readonly string[], { db }: Context): Answer {
  const idle = Math.max(0, wholeNumber(least, "Invalid min-idle-time argument for XAUTOCLAIM"));
  const from = rangeStart(start);
  const { count, justId } = autoOptions(options);
  const [stream, group] = groupOf(db, key, name);
  const [taken, gone]: [Answer[], bigint[]] = [[], []];
  if (db.dialect === "valkey") group.seen(owner, db.now);
  let [looks, cursor] = [count * LOOKS, 0n];
  for (const one of Array.from(group.pending.range(from, MAX_ID))) {
    if (looks-- <= 0 || taken.length + gone.length >= count) {
      cursor = one.id;
      break;
    }
    const entry = stream.entries.get(one.id);
    if (entry === undefined) {
      group.acknowledge(one.id);
      gone.push(one.id);
    } else if (idle === 0 || db.now - one.deliveredAt >= idle) {
      group.give(one, group.seen(owner, db.now));
      one.deliveredAt = db.now;
      if (!justId) one.count++;
      taken.push(justId ? textOf(one.id) : entryAnswer(entry));
    }
  }
  return [textOf(cursor), taken, gone.map(textOf)];
}

function autoOptions(options: readonly string[]): { count: number; justId: boolean } {
  let [count, justId] = [100, false];
  for (let at = 0; at < options.length; at++) {
    const option = options[at]?.toUpperCase();
    if (option === "JUSTID") justId = true;
    else if (option === "COUNT" && at + 1 < options.length) count = wholeNumber(options[++at], "COUNT must be > 0");
    else throw syntaxError();
  }
  if (count < 1) throw new ErrorReply("ERR COUNT must be > 0");
  return { count, justId };
}

function groupOf(db: Database, key: string, name: string): [Stream, StreamGroup] {
  const stream = db.stream(key);
  const group = stream?.groups.get(name);
  if (stream === undefined || group === undefined) throw new ErrorReply(`NOGROUP No such key '${key}' or consumer group '${name}'`);
  return [stream, group];
}
