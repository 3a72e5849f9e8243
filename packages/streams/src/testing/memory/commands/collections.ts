/** Hashes and sets. https://redis.io/docs/latest/commands/?group=hash */
import { ErrorReply, type Answer } from "../answers.ts";
import { ANY, command, decimal, numberText, wholeNumber, wrongCount, type Commands } from "../command.ts";
import type { Database, Hash } from "../database.ts";

export const HASH_COMMANDS: Commands = {
  HSET: command(3, ANY, ([key = "", ...pairs], { db }) => {
    if (pairs.length % 2 === 1) throw wrongCount("hset");
    const hash = hashOf(db, key);
    const before = hash.size;
    for (let at = 0; at < pairs.length; at += 2) hash.set(pairs[at] as string, pairs[at + 1] as string);
    return hash.size - before;
  }),
  HSETNX: command(3, 3, ([key = "", field = "", value = ""], { db }) => {
    if (db.hash(key)?.has(field) === true) return 0;
    hashOf(db, key).set(field, value);
    return 1;
  }),
  HGET: command(2, 2, ([key = "", field = ""], { db }) => db.hash(key)?.get(field) ?? null),
  HMGET: command(2, ANY, ([key = "", ...fields], { db }) => {
    const hash = db.hash(key);
    return fields.map((field) => hash?.get(field) ?? null);
  }),
  HGETALL: command(1, 1, ([key = ""], { db }) => [...(db.hash(key) ?? [])].flat()),
  HKEYS: command(1, 1, ([key = ""], { db }) => [...(db.hash(key)?.keys() ?? [])]),
  HVALS: command(1, 1, ([key = ""], { db }) => [...(db.hash(key)?.values() ?? [])]),
  HLEN: command(1, 1, ([key = ""], { db }) => db.hash(key)?.size ?? 0),
  HEXISTS: command(2, 2, ([key = "", field = ""], { db }) => (db.hash(key)?.has(field) === true ? 1 : 0)),
  HSTRLEN: command(2, 2, ([key = "", field = ""], { db }) => Buffer.byteLength(db.hash(key)?.get(field) ?? "")),
  HDEL: command(2, ANY, ([key = "", ...fields], { db }) => {
    const hash = db.hash(key);
    if (hash === undefined) return 0;
    const removed = fields.filter((field) => hash.delete(field)).length;
    db.dropEmpty(key, hash);
    return removed;
  }),
  HINCRBY: command(3, 3, ([key = "", field = "", by], { db }) => {
    const step = wholeNumber(by);
    const value = wholeNumber(db.hash(key)?.get(field) ?? "0", "hash value is not an integer") + step;
    hashOf(db, key).set(field, numberText(value));
    return value;
  }),
  HINCRBYFLOAT: command(3, 3, ([key = "", field = "", by], { db }) => {
    const text = numberText(decimal(db.hash(key)?.get(field) ?? "0") + decimal(by));
    hashOf(db, key).set(field, text);
    return text;
  }),
  HSCAN: command(2, ANY, ([key = "", cursor], { db }) => {
    if (!/^\d+$/.test(cursor ?? "")) throw new ErrorReply("ERR invalid cursor");
    return ["0", [...(db.hash(key) ?? [])].flat()];
  }),
};

export const SET_COMMANDS: Commands = {
  SADD: command(2, ANY, ([key = "", ...names], { db }) => {
    const members = db.members(key) ?? new Set<string>();
    const before = members.size;
    for (const name of names) members.add(name);
    if (before === 0) db.set(key, members);
    return members.size - before;
  }),
  SREM: command(2, ANY, ([key = "", ...names], { db }) => {
    const members = db.members(key);
    if (members === undefined) return 0;
    const removed = names.filter((name) => members.delete(name)).length;
    db.dropEmpty(key, members);
    return removed;
  }),
  SMEMBERS: command(1, 1, ([key = ""], { db }): Answer => [...(db.members(key) ?? [])]),
  SISMEMBER: command(2, 2, ([key = "", name = ""], { db }) => (db.members(key)?.has(name) === true ? 1 : 0)),
  SCARD: command(1, 1, ([key = ""], { db }) => db.members(key)?.size ?? 0),
};

// Private

function hashOf(db: Database, key: string): Hash {
  const hash = db.hash(key) ?? new Map<string, string>();
  if (hash.size === 0) db.set(key, hash);
  return hash;
}
