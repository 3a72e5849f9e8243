/** What REST asks of alerting. */
import type { Store } from "@tidegate/streams";
import { newMessageId } from "@tidegate/streams";
import type {
  Alert,
  AlertNotification,
  AlertPreviewAnswer,
  AlertRuleRequest,
  AlertTestAnswer,
  OrchestratorAlertsAnswer,
} from "../../contract.ts";
import { messageOf } from "../../errors.ts";
import type { PlatformKeys } from "../../redis/keys.ts";
import { AlertKeys } from "./alert-keys.ts";
import { AlertTable } from "./alert-table.ts";
import { Destinations } from "./destinations.ts";
import type { SeriesSource } from "./metric-watch.ts";
import { preview } from "./preview.ts";
import { RuleBook } from "./rule-book.ts";
import { checkRule } from "./rule-form.ts";
import { send } from "./senders.ts";

export interface AlertsDeps {
  readonly store: Store;
  readonly keys: PlatformKeys;
  readonly metrics: SeriesSource;
}

const RECENT = 50;

export class Alerts {
  readonly rules: RuleBook;
  readonly table: AlertTable;
  readonly destinations: Destinations;
  readonly #deps: AlertsDeps;

  constructor(deps: AlertsDeps) {
    const keys = new AlertKeys(deps.keys);
    this.#deps = deps;
    this.rules = new RuleBook(deps.store, keys);
    this.table = new AlertTable(deps.store, keys);
    this.destinations = new Destinations(deps.store, keys);
  }

  async overview(): Promise<OrchestratorAlertsAnswer> {
    const active = await this.table.active();
    const { items } = await this.table.history({ limit: RECENT });
    const counts = { low: 0, medium: 0, high: 0, critical: 0 };
    for (const { severity, state } of active) if (state === "firing") counts[severity] += 1;
    return { active, recent: items, counts };
  }

  async mute(rule: string, subject: string | undefined, minutes: number): Promise<{ until: number }> {
    await this.rules.get(rule);
    return await this.table.mute(rule, subject, minutes);
  }

  async preview(given: AlertRuleRequest): Promise<AlertPreviewAnswer> {
    const rule = { ...checkRule(given), builtin: false, version: 0, updated_at: 0 };
    return await preview(this.#deps, rule, Date.now());
  }

  /** Sends at once and once, also to one that is switched off; what happened is the answer. */
  async test(id: string): Promise<AlertTestAnswer> {
    const destination = await this.destinations.get(id);
    const began = performance.now();
    const delivery = newMessageId();
    const notification: AlertNotification = { delivery, event: "test", at: Date.now(), alert: sample(Date.now()) };
    const answer = await send(destination, notification).then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: messageOf(error) }),
    );
    await this.destinations.note(id, { at: Date.now(), ok: answer.ok, error: answer.ok ? null : answer.detail });
    return { ...answer, ms: Math.round(performance.now() - began) };
  }
}

// Private

function sample(now: number): Alert {
  return {
    id: "test:*",
    rule: "test",
    name: "Test of a destination",
    severity: "low",
    subject: "*",
    state: "firing",
    summary: "Somebody asked Tidegate to send this. Nothing is wrong.",
    advice: null,
    value: null,
    since: now,
    fired_at: now,
    resolved_at: null,
    acknowledged: null,
    muted_until: null,
    reason: null,
    notified: true,
    trace: null,
  };
}
