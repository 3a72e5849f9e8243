/** Every answer a server may give instead of doing what was asked, in its own words, and the reaction it calls for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../errors.ts";
import { faultOf, type Reaction } from "./replies.ts";

const TABLE: readonly (readonly [text: string, code: ErrorCode, reaction: Reaction, sent: boolean])[] = [
  ["LOADING Redis is loading the dataset in memory", "REDIS_BUSY", "again", false],
  ["BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "REDIS_BUSY", "again", true],
  ["NOREPLICAS Not enough good replicas to write.", "REDIS_BUSY", "again", true],
  ["CLUSTERDOWN Hash slot not served", "REDIS_BUSY", "again", false],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "REDIS_BUSY", "again", true],
  ["UNBLOCKED client unblocked via CLIENT UNBLOCK", "REDIS_BUSY", "again", true],
  ["UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", "REDIS_READ_ONLY", "reconnect", true],
  ["READONLY You can't write against a read only replica.", "REDIS_READ_ONLY", "reconnect", false],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "REDIS_READ_ONLY", "reconnect", false],
  ["ERR max number of clients reached", "REDIS_BUSY", "reconnect", false],
  ["ERR max number of clients + cluster connections reached", "REDIS_BUSY", "reconnect", false],
  ["UNBLOCKED the stream key no longer exists", "UNKNOWN_GROUP", "regroup", true],
  ["NOGROUP No such key 'a' or consumer group 'b' in XREADGROUP with GROUP option", "UNKNOWN_GROUP", "regroup", true],
  ["OOM command not allowed when used memory > 'maxmemory'.", "REDIS_FULL", "reject", true],
  ["MISCONF Errors writing to the AOF file: No space left on device", "REDIS_CANNOT_PERSIST", "reject", true],
  ["NOAUTH Authentication required.", "AUTH_FAILED", "stop", false],
  ["WRONGPASS invalid username-password pair or user is disabled.", "AUTH_FAILED", "stop", true],
  ["NOPERM this user has no permissions to run the 'xadd' command", "ACCESS_DENIED", "stop", true],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "WRONG_KEY_TYPE", "stop", true],
  ["MOVED 3999 127.0.0.1:6381", "UNSUPPORTED_REDIS", "stop", false],
  ["ASK 3999 127.0.0.1:6381", "UNSUPPORTED_REDIS", "stop", false],
  ["CROSSSLOT Keys in request don't hash to the same slot", "UNSUPPORTED_REDIS", "stop", true],
];

for (const [text, code, reaction, sent] of TABLE)
  test(`${text.slice(0, 40)} is ${code}: ${reaction}`, () => {
    const fault = faultOf(new Error(text), "box:6379");
    assert.deepEqual([fault.code, fault.reaction, fault.sent], [code, reaction, sent]);
    assert.match(fault.message, /box:6379/);
  });

test("an answer of a kind nobody knows refuses this request only", () => {
  class SimpleError extends class ErrorReply extends Error {} {}
  assert.equal(faultOf(new SimpleError("ERR wrong number of arguments"), "box").reaction, "reject");
});

test("an error of a socket asks for a new connection and leaves open what happened", () => {
  const fault = faultOf(new Error("read ECONNRESET"), "box");
  assert.deepEqual([fault.code, fault.reaction, fault.sent], ["REDIS_UNREACHABLE", "reconnect", true]);
});
