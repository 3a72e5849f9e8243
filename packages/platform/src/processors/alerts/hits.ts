/**
 * The window of one event or log rule on one subject: entries in time buckets, kept in Redis by `hits.lua`. A bucket is a sixtieth of the
 * window and at least a second, so a window may hold up to that much more than it says.
 */
import { createHash } from "node:crypto";
import type { Reply } from "@tidegate/streams";
import type { AlertCondition, AlertRule, Severity } from "../../contract.ts";

export type EntryCondition = Exclude<AlertCondition, { kind: "metric" }>;
export type EntryRule = AlertRule & { readonly condition: EntryCondition };

/** Of the last entry that matched. */
export interface Facts {
  readonly text: string;
  readonly trace: string | null;
  readonly severity: Severity;
}

export interface HitWindow {
  /** Bucket's start (ms) → entries. */
  readonly t: Readonly<Record<string, number>>;
  /** Last time an entry made it enough. */
  readonly met?: number;
  /** It was enough, and nothing has resolved it since. */
  readonly latched?: boolean;
  readonly cleared?: number;
  readonly facts?: Facts;
}

export function isEntryRule(rule: AlertRule): rule is EntryRule {
  return rule.condition.kind !== "metric";
}

/** Windows belong to a condition, so a rule that only got another name goes on counting. */
export function signatureOf(condition: AlertCondition): string {
  return createHash("sha256").update(JSON.stringify(condition)).digest("hex").slice(0, 12);
}

export function needed(condition: EntryCondition): number {
  return condition.count ?? 1;
}

export function latches(condition: EntryCondition): boolean {
  return condition.kind === "event" && (condition.resolved_by?.length ?? 0) > 0;
}

export function bucketOf(condition: EntryCondition): number {
  return Math.max(1_000, Math.ceil((condition.window * 1000) / 60));
}

export function held(window: HitWindow, condition: EntryCondition, now: number): number {
  const oldest = now - condition.window * 1000 - bucketOf(condition);
  return Object.entries(window.t).reduce((sum, [start, count]) => (Number(start) > oldest ? sum + count : sum), 0);
}

/** What `HGETALL` of a rule's windows answers: subject, its window, and the text it was stored as. */
export function readWindows(reply: Reply): { subject: string; window: HitWindow; text: string }[] {
  if (!Array.isArray(reply)) return [];
  const found = [];
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const text = String(reply[at + 1]);
    found.push({ subject: String(reply[at]), window: JSON.parse(text) as HitWindow, text });
  }
  return found;
}
