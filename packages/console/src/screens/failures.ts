/** Dead letters by the failure they share. */
import type { DeadLetterGroup } from "tidegate/contract";

/** Failures that replay and discard can address together. */
export interface Failure extends DeadLetterGroup {
  key: string;
  /** How many different error texts it holds. */
  texts: number;
}

/** Replay is addressed by topic, group, type and error code, so errors that differ in text only stand together. */
export function failuresOf(groups: readonly DeadLetterGroup[]): Failure[] {
  const byKey = new Map<string, Failure>();
  for (const group of groups) {
    const key = [group.topic, group.group, group.eventType, group.errorCode].join("|");
    const known = byKey.get(key);
    byKey.set(key, known ? joined(known, group) : { ...group, key, texts: 1 });
  }
  return [...byKey.values()].sort((a, b) => b.count - a.count);
}

function joined(known: Failure, group: DeadLetterGroup): Failure {
  return {
    ...known,
    count: known.count + group.count,
    texts: known.texts + 1,
    firstAt: Math.min(known.firstAt, group.firstAt),
    lastAt: Math.max(known.lastAt, group.lastAt),
  };
}
