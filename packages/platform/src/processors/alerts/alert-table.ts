/** The alerts there are, as Redis has them, with who acknowledged and muted what; and acknowledging and muting. */
import { defineScript, type Reply, type Store } from "@tidegate/streams";
import { Refusal } from "../../auth/refusal.ts";
import type { Alert, AlertsAnswer } from "../../contract.ts";
import type { AlertKeys } from "./alert-keys.ts";
import type { StoredAlert } from "./state.ts";

const ACK = defineScript(new URL("./ack.lua", import.meta.url));

/** All of one moment. */
export class AlertSnapshot {
  /** Alert id → its JSON. */
  readonly texts: ReadonlyMap<string, string>;
  readonly alerts: ReadonlyMap<string, StoredAlert>;
  readonly #acks: ReadonlyMap<string, string>;
  readonly #mutes: ReadonlyMap<string, string>;

  constructor(texts: ReadonlyMap<string, string>, acks: ReadonlyMap<string, string>, mutes: ReadonlyMap<string, string>) {
    this.texts = texts;
    this.alerts = new Map([...texts].map(([id, text]) => [id, JSON.parse(text) as StoredAlert]));
    this.#acks = acks;
    this.#mutes = mutes;
  }

  /** Acknowledged, or muted at `now`. */
  silenced(alert: StoredAlert, now: number): boolean {
    return this.#acks.has(alert.id) || this.#mutedUntil(alert) > now;
  }

  muted(alert: StoredAlert, now: number): boolean {
    return this.#mutedUntil(alert) > now;
  }

  /** As people see it. */
  shown(alert: StoredAlert, now: number): Alert {
    const { quiet_until: _, seen: __, ...rest } = alert;
    const ack = this.#acks.get(alert.id);
    const until = this.#mutedUntil(alert);
    return {
      ...rest,
      acknowledged: ack === undefined ? null : (JSON.parse(ack) as Alert["acknowledged"]),
      muted_until: until > now ? until : null,
    };
  }

  // Private

  #mutedUntil({ rule, id }: StoredAlert): number {
    return Math.max(Number(this.#mutes.get(rule) ?? 0), Number(this.#mutes.get(id) ?? 0));
  }
}

export class AlertTable {
  readonly #store: Store;
  readonly #keys: AlertKeys;

  constructor(store: Store, keys: AlertKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  async snapshot(): Promise<AlertSnapshot> {
    const [alerts, acks, mutes] = await Promise.all(
      [this.#keys.active(), this.#keys.acks(), this.#keys.mutes()].map((key) => this.#store.ask(["HGETALL", key])),
    );
    return new AlertSnapshot(pairs(alerts ?? null), pairs(acks ?? null), pairs(mutes ?? null));
  }

  /** Pending and firing ones, the most severe and newest first. */
  async active(): Promise<Alert[]> {
    const now = Date.now();
    const table = await this.snapshot();
    const alerts = [...table.alerts.values()].filter(({ state }) => state !== "resolved").map((alert) => table.shown(alert, now));
    return alerts.sort((a, b) => weight(b) - weight(a) || b.since - a.since);
  }

  async get(id: string): Promise<Alert> {
    const table = await this.snapshot();
    const alert = table.alerts.get(id);
    if (alert !== undefined) return table.shown(alert, Date.now());
    const past = (await this.#past("+", SEARCHED)).find(({ alert: one }) => one.id === id)?.alert;
    if (past !== undefined) return past;
    throw new Refusal(404, "UNKNOWN_ALERT", `There is no alert ${JSON.stringify(id.slice(0, 200))}.`, {
      hint: "Ids are <rule>:<subject>. See: tidegate alert ls, tidegate alert history",
    });
  }

  async history(options: { limit: number; cursor?: string; rule?: string }): Promise<AlertsAnswer> {
    const items: Alert[] = [];
    let cursor = options.cursor === undefined ? "+" : `(${options.cursor}`;
    for (;;) {
      const page = await this.#past(cursor, PAGE);
      for (const { id, alert } of page) {
        if (options.rule === undefined || alert.rule === options.rule) items.push(alert);
        if (items.length === options.limit) return { items, next: id };
        cursor = `(${id}`;
      }
      if (page.length < PAGE) return { items, next: null };
    }
  }

  /** Null takes it back. */
  async acknowledge(id: string, by: string | null): Promise<Alert> {
    const ack = by === null ? "" : JSON.stringify({ by, at: Date.now() });
    const state = await this.#store.run(ACK, [this.#keys.active(), this.#keys.acks()], [id, ack]);
    if (state === "firing") return await this.get(id);
    const found = await this.get(id);
    throw new Refusal(409, "ALERT_NOT_FIRING", `The alert ${id} is ${found.state}; only a firing one can be acknowledged.`, {
      hint: "To hear nothing of it for a while, mute it: tidegate alert mute <rule>",
    });
  }

  async mute(rule: string, subject: string | undefined, minutes: number): Promise<{ until: number }> {
    const until = Date.now() + minutes * 60_000;
    await this.#store.ask(["HSET", this.#keys.mutes(), muteName(rule, subject), String(until)]);
    return { until };
  }

  /** Answers whether it was muted. */
  async unmute(rule: string, subject: string | undefined): Promise<boolean> {
    const name = muteName(rule, subject);
    const until = await this.#store.ask(["HGET", this.#keys.mutes(), name]);
    await this.#store.ask(["HDEL", this.#keys.mutes(), name]);
    return Number(until ?? 0) > Date.now();
  }

  /** Those that are over. */
  async sweepMutes(now: number): Promise<void> {
    const over = [...pairs(await this.#store.ask(["HGETALL", this.#keys.mutes()]))].filter(([, until]) => Number(until) <= now);
    if (over.length > 0) await this.#store.ask(["HDEL", this.#keys.mutes(), ...over.map(([name]) => name)]);
  }

  // Private

  async #past(from: string, count: number): Promise<{ id: string; alert: Alert }[]> {
    const reply = await this.#store.ask(["XREVRANGE", this.#keys.history(), from, "-", "COUNT", String(count)]);
    return Array.isArray(reply) ? reply.flatMap(pastOf) : [];
  }
}

// Private

const PAGE = 200;
/** Entries of the history in which a single alert is looked for. */
const SEARCHED = 1_000;
const WEIGHTS = { low: 1, medium: 2, high: 3, critical: 4 } as const;

function weight({ severity, state }: Alert): number {
  return WEIGHTS[severity] + (state === "firing" ? 10 : 0);
}

function muteName(rule: string, subject: string | undefined): string {
  return subject === undefined ? rule : `${rule}:${subject}`;
}

function pastOf(entry: Reply): { id: string; alert: Alert }[] {
  if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
  const at = entry[1].indexOf("alert");
  return at === -1 ? [] : [{ id: String(entry[0]), alert: JSON.parse(String(entry[1][at + 1])) as Alert }];
}

function pairs(reply: Reply): Map<string, string> {
  const found = new Map<string, string>();
  if (Array.isArray(reply)) for (let at = 0; at + 1 < reply.length; at += 2) found.set(String(reply[at]), String(reply[at + 1]));
  return found;
}
