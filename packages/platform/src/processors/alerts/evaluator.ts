/**
 * Looks at every rule and moves its alerts on, as the leader only. It keeps nothing between two looks: what it decides by is in Redis, so the
 * next leader goes on where this one ended. What it writes is refused once it does not lead any more.
 */
import type { AlertRule } from "../../contract.ts";
import { messageOf } from "../../errors.ts";
import type { AlertSnapshot, AlertTable } from "./alert-table.ts";
import type { Destinations } from "./destinations.ts";
import { isEntryRule, readWindows, signatureOf, type EntryRule } from "./hits.ts";
import { isMetricRule, lookAt, stepFor, type MetricRule, type SeriesSource } from "./metric-watch.ts";
import type { RuleBook } from "./rule-book.ts";
import { owes, resolve, step, type Sight, type Step, type StoredAlert } from "./state.ts";
import { apply, type Transition, type TransitionDeps } from "./transition.ts";
import { idle, sightOf } from "./window-sight.ts";

export interface EvaluatorOptions extends TransitionDeps {
  readonly book: RuleBook;
  readonly table: AlertTable;
  readonly destinations: Destinations;
  readonly metrics: SeriesSource;
  readonly onTrouble: (message: string) => void;
}

/** Milliseconds between two looks at a metric rule by the seconds of its points. */
const METRIC_PAUSE: Readonly<Record<number, number>> = { 1: 5_000, 10: 5_000, 60: 60_000, 3600: 60_000 };

interface Look {
  readonly sight: Sight;
  readonly window: Transition["window"];
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  /** Metric rule and version → when it is looked at next. */
  readonly #due = new Map<string, number>();
  readonly #troubled = new Set<string>();

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  /** One look at `now` (unix ms). Does nothing while another process leads. */
  async tick(now: number): Promise<void> {
    const { leader, book, table } = this.#options;
    if (leader.fence === 0) return;
    await book.refresh();
    const snapshot = await table.snapshot();
    for (const rule of book.known.filter(({ enabled }) => enabled)) {
      const looks = await this.#look(rule, snapshot, now).catch((error: unknown) => this.#failed(rule, error));
      if (looks !== null) await this.#judge(rule, looks, snapshot, now);
    }
    await this.#endOrphans(snapshot, now);
    if (this.#isDue("mutes", 60_000, now)) await table.sweepMutes(now);
  }

  // Private

  /** Null: nothing to be said at this time. */
  async #look(rule: AlertRule, snapshot: AlertSnapshot, now: number): Promise<readonly Look[] | null> {
    const looks = isMetricRule(rule)
      ? await this.#lookAtMetric(rule, now)
      : isEntryRule(rule)
        ? await this.#lookAtWindows(rule, snapshot, now)
        : null;
    this.#troubled.delete(rule.id);
    return looks;
  }

  async #lookAtWindows(rule: EntryRule, snapshot: AlertSnapshot, now: number): Promise<readonly Look[]> {
    const { store, alertKeys } = this.#options;
    const key = alertKeys.hits(rule.id, signatureOf(rule.condition));
    const windows = readWindows(await store.ask(["HGETALL", key]));
    return windows.map(({ subject, window, text }) => {
      const seen = snapshot.alerts.get(`${rule.id}:${subject}`)?.seen ?? 0;
      const done = idle(rule, window, seen, now) ? { key, subject, text } : null;
      return { sight: sightOf(rule, subject, window, seen, now), window: done };
    });
  }

  async #lookAtMetric(rule: MetricRule, now: number): Promise<readonly Look[] | null> {
    const pause = METRIC_PAUSE[stepFor(rule.condition)] ?? 60_000;
    if (!this.#isDue(`${rule.id}@${rule.version}`, pause, now)) return null;
    return (await lookAt(this.#options.metrics, rule, now)).map((sight) => ({ sight, window: null }));
  }

  async #judge(rule: AlertRule, looks: readonly Look[], snapshot: AlertSnapshot, now: number): Promise<void> {
    const seen = new Set<string>();
    for (const { sight, window } of looks) {
      seen.add(sight.subject);
      const before = snapshot.alerts.get(`${rule.id}:${sight.subject}`) ?? null;
      await this.#move(rule, before, step(before, sight, rule, now), snapshot, now, window);
    }
    for (const before of snapshot.alerts.values())
      if (before.rule === rule.id && !seen.has(before.subject))
        await this.#move(rule, before, step(before, nothing(before), rule, now), snapshot, now, null);
  }

  /** Alerts whose rule was deleted or switched off. */
  async #endOrphans(snapshot: AlertSnapshot, now: number): Promise<void> {
    const rules = new Map(this.#options.book.known.map((rule) => [rule.id, rule]));
    for (const before of snapshot.alerts.values()) {
      const rule = rules.get(before.rule);
      if (rule?.enabled === true) continue;
      const reason = rule === undefined ? "its rule was deleted" : "its rule was switched off";
      const after: Step = resolve(before, { cooldown: 0 }, now, reason);
      await this.#move(rule ?? null, before, after, snapshot, now, null);
    }
  }

  async #move(
    rule: AlertRule | null,
    before: StoredAlert | null,
    next: Step,
    snapshot: AlertSnapshot,
    now: number,
    window: Transition["window"],
  ): Promise<void> {
    const id = before?.id ?? next.alert?.id;
    const tell = next.alert === null ? null : await this.#tell(rule, next, snapshot, now);
    const after = next.alert !== null && tell?.event === "alert_firing" ? { ...next.alert, notified: true } : next.alert;
    const text = id === undefined ? "" : (snapshot.texts.get(id) ?? "");
    const changed = after === null ? text !== "" : JSON.stringify(after) !== text;
    const shown = after ?? before;
    if (!changed && window === null) return;
    const worse = before?.state === "firing" && next.event === "alert_firing";
    const forgetAck = worse || after === null || after.state !== "firing";
    await apply(this.#options, {
      id: id ?? "",
      before: text,
      after,
      event: next.event,
      alert: shown === null ? null : snapshot.shown(shown, now),
      forgetAck,
      window: after === null || after.state !== "firing" ? window : null,
      tell,
      now,
    });
  }

  /** Who is to be told what. Where it fires and nobody is to be told, the debt stays. */
  async #tell(rule: AlertRule | null, { alert, event }: Step, snapshot: AlertSnapshot, now: number): Promise<Transition["tell"]> {
    if (alert === null) return null;
    const worse = event === "alert_firing" && !snapshot.muted(alert, now);
    const fires = owes(alert, worse ? false : snapshot.silenced(alert, now), now);
    const ends = event === "alert_resolved" && alert.notified && !snapshot.muted(alert, now);
    if (!fires && !ends) return null;
    const destinations = await this.#options.destinations.chosen(rule?.destinations ?? [], alert.severity);
    return destinations.length === 0 ? null : { destinations, event: fires ? "alert_firing" : "alert_resolved" };
  }

  #isDue(name: string, pause: number, now: number): boolean {
    if (now < (this.#due.get(name) ?? 0)) return false;
    this.#due.set(name, now + pause);
    return true;
  }

  /** Said once, until the rule can be judged again. */
  #failed(rule: AlertRule, error: unknown): null {
    if (!this.#troubled.has(rule.id) && this.#options.store.up)
      this.#options.onTrouble(`rule ${rule.id} cannot be judged: ${messageOf(error)}`);
    this.#troubled.add(rule.id);
    return null;
  }
}

// Private

function nothing({ subject, severity, summary, trace }: StoredAlert): Sight {
  return { subject, holds: false, value: null, severity, summary, trace, met: 0, reason: "nothing more was heard of it" };
}
