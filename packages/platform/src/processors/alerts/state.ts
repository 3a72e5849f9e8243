/**
 * The states of one rule on one subject, and all their transitions. Pure: what it is asked with is all it knows.
 *
 *              holds                `for` is over            ceases, or the rule goes
 *     (none) ─────────► pending ───────────────────► firing ──────────────────────────► resolved
 *        ▲                 │ ceases                    │ ▲                                 │   │
 *        ├─────────────────┘                           └─┘ more severe:                    │   │ holds: pending,
 *        │                                                 fires anew                      │   │ still to be quiet
 *        └─────────────────────────── the cooldown is over ────────────────────────────────┘   ▼
 *
 * With `for: 0` pending is passed in the same step. A firing alert owes a notification until somebody was told; while it cools down, is
 * acknowledged or muted the debt waits, so what lasts longer than the quiet is told then.
 */
import { SEVERITIES, type Alert, type AlertRule, type Severity } from "../../contract.ts";

export interface StoredAlert extends Omit<Alert, "acknowledged" | "muted_until"> {
  /** Unix ms before which it does not notify: its cooldown. */
  readonly quiet_until: number;
  /** Time of the last entry that met the condition and was judged. */
  readonly seen: number;
}

/** What a look at one subject found. */
export interface Sight {
  readonly subject: string;
  readonly holds: boolean;
  readonly value: number | null;
  readonly severity: Severity;
  readonly summary: string;
  readonly trace: string | null;
  /** Time of the last entry that met the condition; 0 of metrics. */
  readonly met: number;
  /** Why it does not hold. */
  readonly reason: string;
}

export interface Step {
  /** Null: nothing is kept. */
  readonly alert: StoredAlert | null;
  readonly event: "alert_firing" | "alert_resolved" | null;
}

export function step(before: StoredAlert | null, sight: Sight, rule: AlertRule, now: number): Step {
  if (before === null || before.state === "resolved") return sight.holds ? begin(before, sight, rule, now) : rest(before, sight, now);
  if (before.state === "pending") return sight.holds ? wait(before, sight, rule, now) : drop(before, sight, now);
  return sight.holds ? goOn(before, sight, rule) : resolve(before, rule, now, sight.reason);
}

/** Also when the rule was deleted or switched off. A pending one just goes. */
export function resolve(before: StoredAlert, rule: Pick<AlertRule, "cooldown">, now: number, reason: string): Step {
  if (before.state !== "firing") return { alert: null, event: null };
  const quietUntil = Math.max(before.quiet_until, now + rule.cooldown * 1000);
  return { alert: { ...before, state: "resolved", resolved_at: now, reason, quiet_until: quietUntil }, event: "alert_resolved" };
}

/** Whether somebody is to be told that it fires. */
export function owes(alert: StoredAlert, silenced: boolean, now: number): boolean {
  return alert.state === "firing" && !alert.notified && !silenced && now >= alert.quiet_until;
}

export function moreSevere(one: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(one) > SEVERITIES.indexOf(other);
}

// Private

function begin(before: StoredAlert | null, sight: Sight, rule: AlertRule, now: number): Step {
  const pending: StoredAlert = {
    id: `${rule.id}:${sight.subject}`,
    rule: rule.id,
    name: rule.name,
    severity: sight.severity,
    subject: sight.subject,
    state: "pending",
    summary: sight.summary,
    advice: rule.advice ?? null,
    value: sight.value,
    since: now,
    fired_at: null,
    resolved_at: null,
    reason: null,
    notified: false,
    trace: sight.trace,
    quiet_until: before?.quiet_until ?? 0,
    seen: sight.met,
  };
  return wait(pending, sight, rule, now);
}

function wait(pending: StoredAlert, sight: Sight, rule: AlertRule, now: number): Step {
  const current = { ...pending, ...shown(sight, rule), severity: sight.severity };
  if (now - pending.since < rule.for * 1000) return { alert: current, event: null };
  return { alert: { ...current, state: "firing", fired_at: now }, event: "alert_firing" };
}

function drop(pending: StoredAlert, sight: Sight, now: number): Step {
  return rest({ ...pending, state: "resolved", resolved_at: now, reason: "it ceased before it fired" }, sight, now);
}

/** It is remembered while it cools down, so that the next one is quiet, and while there are entries that were judged already. */
function rest(before: StoredAlert | null, sight: Sight, now: number): Step {
  const over = before === null || (now >= before.quiet_until && sight.met === 0);
  return { alert: over ? null : before, event: null };
}

/** It keeps the highest severity it had: what got somewhat better is not another alert. */
function goOn(before: StoredAlert, sight: Sight, rule: AlertRule): Step {
  const worse = moreSevere(sight.severity, before.severity);
  const alert = { ...before, ...shown(sight, rule) };
  return worse
    ? { alert: { ...alert, severity: sight.severity, notified: false, quiet_until: 0 }, event: "alert_firing" }
    : { alert, event: null };
}

function shown(sight: Sight, rule: AlertRule): Pick<StoredAlert, "name" | "advice" | "summary" | "value" | "trace" | "seen"> {
  const { summary, value, trace, met } = sight;
  return { name: rule.name, advice: rule.advice ?? null, summary, value, trace, seen: met };
}
