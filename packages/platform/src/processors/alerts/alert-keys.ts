/** Every key of alerting, with its type, lifetime and owner. */
import type { PlatformKeys } from "../../redis/keys.ts";

export class AlertKeys {
  readonly #keys: PlatformKeys;

  constructor(keys: PlatformKeys) {
    this.#keys = keys;
  }

  /** hash id → rule (JSON): what was made or changed here; shipped rules that were not changed are only in the code. Owner: `RuleBook`. */
  rules(): string {
    return this.#keys.own("alerts", "rules");
  }

  /** string, raised by each change of a rule. */
  rulesVersion(): string {
    return this.#keys.own("alerts", "rules", "version");
  }

  /** hash subject → window (JSON) of one rule's condition; TTL as its window, at least a day. Owner: the processors, swept by the evaluator. */
  hits(rule: string, signature: string): string {
    return this.#keys.own("alerts", "hits", rule, signature);
  }

  /** hash alert id → alert (JSON): pending, firing, and resolved ones until their cooldown is over. Owner: the evaluator. */
  active(): string {
    return this.#keys.own("alerts", "active");
  }

  /** hash alert id → who and when (JSON); goes with the alert. */
  acks(): string {
    return this.#keys.own("alerts", "acks");
  }

  /** hash rule or `<rule>:<subject>` → unix ms until it is muted. */
  mutes(): string {
    return this.#keys.own("alerts", "mutes");
  }

  /** stream of alerts as they fired and resolved; capped by count and age. */
  history(): string {
    return this.#keys.own("alerts", "history");
  }

  /** hash id → destination (JSON, with its secrets). */
  destinations(): string {
    return this.#keys.own("alerts", "destinations");
  }

  /** hash id → last attempt (JSON). */
  results(): string {
    return this.#keys.own("alerts", "destinations", "last");
  }

  /** string, TTL 7 days: this notification is known to have arrived. */
  sent(delivery: string): string {
    return this.#keys.own("alerts", "sent", delivery);
  }
}
