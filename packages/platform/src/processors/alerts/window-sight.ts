/** What the window of an event or log rule says at one moment. Pure. */
import { held, latches, needed, type EntryRule, type HitWindow } from "./hits.ts";
import type { Sight } from "./state.ts";

/** Milliseconds: what happened longer ago, while nobody looked, is told no more. */
const LATE = 86_400_000;

/** `seen`: time of the last entry that was judged already. What came and went between two looks still fires, and is resolved by the next. */
export function sightOf(rule: EntryRule, subject: string, window: HitWindow, seen: number, now: number): Sight {
  const { condition } = rule;
  const count = held(window, condition, now);
  const met = window.met ?? 0;
  const enough = latches(condition) ? window.latched === true : count >= needed(condition);
  const fresh = rule.for === 0 && met > seen && now - met < LATE;
  return {
    subject,
    holds: enough || fresh,
    value: count,
    severity: window.facts?.severity ?? rule.severity,
    summary: words(rule, subject, window, count),
    trace: window.facts?.trace ?? null,
    met,
    reason: reasonOf(rule, window, count),
  };
}

/** Nothing is to be learned from it any more. */
export function idle({ condition }: EntryRule, window: HitWindow, seen: number, now: number): boolean {
  const met = window.met ?? 0;
  return window.latched !== true && held(window, condition, now) === 0 && (met <= seen || now - met >= LATE);
}

// Private

function words({ condition, name }: EntryRule, subject: string, { facts }: HitWindow, count: number): string {
  const who = condition.by === undefined ? "" : `${subject}: `;
  const what = condition.kind === "event" ? condition.event : name.toLowerCase();
  const many = needed(condition) > 1 ? `${count} in ${condition.window} s` : what;
  const last = facts === undefined || facts.text === "" ? "" : needed(condition) > 1 ? `; last: ${facts.text}` : ` – ${facts.text}`;
  return `${who}${many}${last}`;
}

function reasonOf({ condition }: EntryRule, { cleared }: HitWindow, count: number): string {
  if (latches(condition)) return cleared === undefined ? "its window is over" : "an event that resolves it came";
  return `${count} in ${condition.window} s now`;
}
