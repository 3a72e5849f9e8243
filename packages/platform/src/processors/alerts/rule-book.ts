/** The rules: what is shipped, and over it what somebody made or changed. Kept in Redis with a version, read again when it has changed. */
import { defineScript, type Store } from "@tidegate/streams";
import { Refusal } from "../../auth/refusal.ts";
import type { AlertRule, AlertRuleRequest } from "../../contract.ts";
import type { AlertKeys } from "./alert-keys.ts";
import { signatureOf } from "./hits.ts";
import { checkRule } from "./rule-form.ts";
import { SHIPPED } from "./shipped.ts";

const SAVE = defineScript(new URL("./save-rule.lua", import.meta.url));
/** Each rule is asked for every second. */
const MOST_RULES = 200;

export class RuleBook {
  readonly #store: Store;
  readonly #keys: AlertKeys;
  #rules: readonly AlertRule[] = [...SHIPPED.values()];
  #version: string | null = null;

  constructor(store: Store, keys: AlertKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** As they were at the last `refresh` or change made here; another array when they are others. */
  get known(): readonly AlertRule[] {
    return this.#rules;
  }

  async refresh(): Promise<void> {
    const version = String((await this.#store.ask(["GET", this.#keys.rulesVersion()])) ?? "0");
    if (version === this.#version) return;
    this.#rules = await this.list();
    this.#version = version;
  }

  async list(): Promise<AlertRule[]> {
    const reply = await this.#store.ask(["HVALS", this.#keys.rules()]);
    const rules = new Map(SHIPPED);
    for (const text of Array.isArray(reply) ? reply : []) {
      const rule = JSON.parse(String(text)) as AlertRule;
      rules.set(rule.id, { ...rule, builtin: SHIPPED.has(rule.id) });
    }
    return [...rules.values()];
  }

  async get(id: string): Promise<AlertRule> {
    const found = (await this.list()).find((rule) => rule.id === id);
    if (found !== undefined) return found;
    throw new Refusal(404, "UNKNOWN_ALERT_RULE", `There is no alert rule ${JSON.stringify(id.slice(0, 64))}.`, {
      hint: "See all of them: tidegate alert rules, GET /api/v1/alerts/rules",
    });
  }

  async create(given: AlertRuleRequest): Promise<AlertRule> {
    const rules = await this.list();
    if (rules.some(({ id }) => id === given.id))
      throw new Refusal(409, "ALERT_RULE_EXISTS", `There is an alert rule ${given.id} already.`, {
        hint: "Change it with PUT, or choose another id.",
      });
    if (rules.length >= MOST_RULES)
      throw new Refusal(409, "TOO_MANY_ALERT_RULES", `There are ${rules.length} alert rules; the limit is ${MOST_RULES}.`, {
        hint: "One rule watches many subjects: use `by`, or a subject with *.",
      });
    return await this.#save(given, null);
  }

  /** Makes it where there was none. */
  async put(given: AlertRuleRequest): Promise<AlertRule> {
    const before = (await this.list()).find(({ id }) => id === given.id);
    return before === undefined ? await this.create(given) : await this.#save(given, before);
  }

  async enable(id: string, enabled: boolean): Promise<AlertRule> {
    const before = await this.get(id);
    const { builtin: _, version: __, updated_at: ___, ...rest } = before;
    return before.enabled === enabled ? before : await this.#save({ ...rest, enabled }, before);
  }

  /** A shipped one becomes what it was when it came. */
  async reset(id: string): Promise<AlertRule> {
    const before = await this.get(id);
    const shipped = SHIPPED.get(id);
    if (shipped === undefined)
      throw new Refusal(409, "NOT_A_SHIPPED_RULE", `The rule ${id} was made here; there is nothing to reset it to.`, {
        hint: "Change or delete it.",
      });
    await this.#write(id, "", before, shipped);
    return shipped;
  }

  async remove(id: string): Promise<void> {
    const before = await this.get(id);
    if (before.builtin)
      throw new Refusal(409, "SHIPPED_RULE", `The rule ${id} came with the product and cannot be deleted.`, {
        hint: `Switch it off: tidegate alert rule disable ${id}`,
      });
    await this.#write(id, "", before, null);
  }

  // Private

  async #save(given: AlertRuleRequest, before: AlertRule | null): Promise<AlertRule> {
    const rule = { ...checkRule(given), builtin: SHIPPED.has(given.id) };
    const at = Date.now();
    const version = await this.#write(given.id, JSON.stringify(rule), before, rule, at);
    return { ...rule, version, updated_at: at };
  }

  async #write(
    id: string,
    text: string,
    before: AlertRule | null,
    after: Pick<AlertRule, "condition"> | null,
    at: number = Date.now(),
  ): Promise<number> {
    const signatures = new Set([before, after].flatMap((rule) => (rule === null ? [] : [signatureOf(rule.condition)])));
    const same = before !== null && after !== null && signatures.size === 1;
    const windows = same ? [] : [...signatures].map((signature) => this.#keys.hits(id, signature));
    const keys = [this.#keys.rules(), this.#keys.rulesVersion(), ...windows];
    const version = await this.#store.run(SAVE, keys, [id, String(before?.version ?? 0), text, String(at)]);
    if (version === 0)
      throw new Refusal(409, "ALERT_RULE_CHANGED", `Somebody else changed the rule ${id} at the same moment.`, {
        hint: "Look at it and try again.",
      });
    // In force here when the caller hears of it, and within a second in other processes.
    await this.refresh();
    return Number(version);
  }
}
