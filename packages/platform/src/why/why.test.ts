/** The sentences, from made-up facts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupInfo, HistoryEntry, HistoryState, MessageHistory, SpanRecord, Trace } from "@tidegate/streams";
import { messageStory } from "./message-story.ts";
import { traceStory } from "./trace-story.ts";

const T0 = Date.UTC(2026, 10, 21, 12);
const NOTHING = { group: null, by: null, attempt: null, error: null, code: null, dueAt: null, deadLetterId: null, position: null };

function history(
  groups: Record<string, HistoryState>,
  entries: Partial<HistoryEntry>[],
  more: Partial<MessageHistory> = {},
): MessageHistory {
  const published = { ...NOTHING, at: T0, act: "published" as const, by: "shop" };
  return {
    topic: "orders",
    messageId: "m-1",
    stream: "ns:orders:events",
    entryId: `${T0}-0`,
    message: null,
    traceId: null,
    entries: [
      published,
      ...entries.map((entry): HistoryEntry => ({ ...NOTHING, at: T0, act: "delivered", group: "g", by: "w.1", ...entry })),
    ],
    groups,
    complete: true,
    ...more,
  };
}

function groupInfo(change: Partial<GroupInfo> = {}): GroupInfo {
  const nothing = { lag: 0, lagSeconds: 0, pending: 0, retrying: 0, consumers: [], missingLanes: [], oldestPendingIdle: null };
  return { topic: "orders", group: "g", ...nothing, ...change };
}

function told(
  facts: MessageHistory,
  groups: GroupInfo[] = [],
  now = T0 + 10_000,
): { verdict: string; last: string; next: readonly string[] } {
  const { verdict, steps, next } = messageStory({ history: facts, groups, trace: null, logs: [], now });
  return { verdict, last: steps.at(-1)?.text ?? "", next };
}

test("done: after how many attempts, and how long it took", () => {
  const { verdict } = told(history({ g: "acknowledged" }, [{ act: "acknowledged", at: T0 + 4_200, attempt: 3 }]));
  assert.equal(verdict, "Done: acknowledged in group g after 3 attempts, 4.2 s after it was published.");
});

test("waiting: until when, for which attempt, and why", () => {
  const failed = { act: "retried" as const, at: T0 + 1_000, attempt: 1, error: "no answer", code: "SINK_DOWN", dueAt: T0 + 60_000 };
  const waiting = history({ g: "waiting_retry" }, [failed]);
  assert.equal(
    told(waiting).verdict,
    "Not done yet: it waits until 12:01:00 UTC (50 s more) for attempt 2 in group g (SINK_DOWN: no answer).",
  );
  const due = told(waiting, [groupInfo()], T0 + 90_000);
  assert.equal(due.verdict, "Not done: attempt 2 in group g has been due for 30 s, and nobody has begun it: it has no consumer.");
});

test("not read: how far the group is behind, and when its last consumer was seen", () => {
  const unread = history({ g: "not_delivered" }, []);
  const gone = groupInfo({ lag: 1_200, consumers: [{ name: "w.1", pending: 0, idle: 3 * 3_600_000 }] });
  assert.equal(
    told(unread, [gone]).verdict,
    "Nobody in group g has read it yet: the group is 1,200 messages behind, its last consumer was seen 3 h ago.",
  );
  const alive = groupInfo({ lag: 1, consumers: [{ name: "w.1", pending: 0, idle: 5 }] });
  assert.match(told(unread, [alive]).verdict, /1 message behind, 1 consumer of it is reading\.$/);
  assert.equal(told(history({}, [])).verdict, "Nobody reads it: the topic orders has no group.");
});

test("failed: what it died of, and the command that brings it back", () => {
  const death = { act: "dead_lettered" as const, at: T0 + 9_000, attempt: 4, error: "boom", code: "HANDLER_FAILED", deadLetterId: "5-0" };
  const { verdict, next } = told(history({ g: "dead_lettered", other: "acknowledged" }, [death]));
  assert.equal(verdict, "Failed: group g gave up after 4 attempts (boom). Done in other.");
  assert.deepEqual(next, ["tidegate dlq show 5-0", "tidegate dlq replay 5-0", "tidegate message history m-1"]);
});

test("in work: who has it, and that it has been silent", () => {
  const held = history({ g: "pending" }, [{ at: T0 + 1_000, attempt: 1 }]);
  const silent = groupInfo({ consumers: [{ name: "w.1", pending: 1, idle: 120_000 }] });
  assert.equal(told(held, [silent]).verdict, "In work: w.1 (group g) has had it for 9 s, which was last heard of 2 min ago.");
});

test("a story whose records have been removed in part says so", () => {
  assert.match(told(history({ g: "unknown" }, [], { complete: false })).last, /history has been removed/);
});

test("a failed attempt that a later one made good is no failure of the trace", () => {
  const handled = { kind: "consumer" as const, name: "handle orders", attributes: { message_id: "m-1", group: "g" } };
  const spans = [
    spanOf("a", null, { name: "POST /orders" }),
    spanOf("b", "a", { ...handled, status: "error", error: "no" }),
    spanOf("c", "b", { name: "charge", status: "error", error: "refused" }),
  ];
  assert.equal(traceStory(traceOf(spans), [], T0).verdict, "POST /orders failed after 500 ms in web, charge: refused.");
  const mended = traceStory(traceOf([...spans, spanOf("d", "a", handled)]), [], T0);
  assert.match(mended.verdict, /^POST \/orders ended well after 500 ms, at a later attempt: handle orders \(web\) had failed with no\.$/);
});

function spanOf(spanId: string, parentId: string | null, more: Partial<SpanRecord>): SpanRecord {
  const times = { startedAt: T0, endedAt: T0 + 100, status: "ok" as const, error: null };
  return {
    spanId,
    parentId,
    name: spanId,
    kind: "internal",
    component: "web",
    service: "web",
    ...times,
    attributes: {},
    events: [],
    ...more,
  };
}

function traceOf(records: SpanRecord[]): Trace {
  const summary = { traceId: "0".repeat(32), operation: "POST /orders", component: "web", startedAt: T0, duration: 500 };
  return { ...summary, status: "error", spans: records.length, components: ["web"], records, dropped: 0 };
}
