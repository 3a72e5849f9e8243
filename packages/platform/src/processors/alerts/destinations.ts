/** Where alerts are sent to: kept in Redis with their secrets, shown without. */
import type { Store } from "@tidegate/streams";
import { Refusal } from "../../auth/refusal.ts";
import type { AlertDestination, AlertDestinationsAnswer, Severity } from "../../contract.ts";
import { checkedAddress, ForbiddenTarget } from "./address-guard.ts";
import type { AlertKeys } from "./alert-keys.ts";
import { refuseHidden, shownDestination, withSecretsOf } from "./destination-form.ts";
import { moreSevere } from "./state.ts";

export interface Result {
  readonly at: number;
  readonly ok: boolean;
  readonly error: string | null;
}

/** Each alert becomes a message for each. */
const MOST_DESTINATIONS = 50;

export class Destinations {
  readonly #store: Store;
  readonly #keys: AlertKeys;

  constructor(store: Store, keys: AlertKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** Without secrets. */
  async list(): Promise<AlertDestinationsAnswer["items"]> {
    const found = await this.#all();
    return await Promise.all(found.map(async (one) => ({ ...shownDestination(one), last: await this.last(one.id) })));
  }

  /** With its secrets; null where there is none. */
  async find(id: string): Promise<AlertDestination | null> {
    const text = await this.#store.ask(["HGET", this.#keys.destinations(), id]);
    return text === null ? null : (JSON.parse(String(text)) as AlertDestination);
  }

  async get(id: string): Promise<AlertDestination> {
    const found = await this.find(id);
    if (found !== null) return found;
    throw new Refusal(404, "UNKNOWN_ALERT_DESTINATION", `There is no destination ${JSON.stringify(id.slice(0, 64))}.`, {
      hint: "See all of them: tidegate alert destinations",
    });
  }

  /** `create` refuses one that is there. */
  async put(given: AlertDestination, create: boolean): Promise<AlertDestination> {
    const before = await this.find(given.id);
    if (create && before !== null)
      throw new Refusal(409, "ALERT_DESTINATION_EXISTS", `There is a destination ${given.id} already.`, {
        hint: "Change it with PUT, or remove it first.",
      });
    if (before === null && (await this.#all()).length >= MOST_DESTINATIONS)
      throw new Refusal(409, "TOO_MANY_ALERT_DESTINATIONS", `There are ${MOST_DESTINATIONS} destinations, which is the limit.`, {
        hint: "Remove one.",
      });
    const destination = refuseHidden(before === null ? given : withSecretsOf(before, given));
    await checkTarget(destination);
    await this.#store.ask(["HSET", this.#keys.destinations(), destination.id, JSON.stringify(destination)]);
    return shownDestination(destination);
  }

  async remove(id: string): Promise<void> {
    await this.get(id);
    await this.#store.ask(["HDEL", this.#keys.destinations(), id]);
    await this.#store.ask(["HDEL", this.#keys.results(), id]);
  }

  /** Ids of those that want to hear of this severity; no `wanted` is all. */
  async chosen(wanted: readonly string[], severity: Severity): Promise<string[]> {
    const all = await this.#all();
    return all
      .filter((one) => one.enabled && (wanted.length === 0 || wanted.includes(one.id)) && !moreSevere(one.min_severity, severity))
      .map(({ id }) => id);
  }

  async last(id: string): Promise<Result | null> {
    const text = await this.#store.ask(["HGET", this.#keys.results(), id]);
    return text === null ? null : (JSON.parse(String(text)) as Result);
  }

  async note(id: string, result: Result): Promise<void> {
    await this.#store.ask(["HSET", this.#keys.results(), id, JSON.stringify(result)]);
  }

  // Private

  async #all(): Promise<AlertDestination[]> {
    const reply = await this.#store.ask(["HVALS", this.#keys.destinations()]);
    const found = Array.isArray(reply) ? reply.map((text) => JSON.parse(String(text)) as AlertDestination) : [];
    return found.sort((a, b) => a.id.localeCompare(b.id));
  }
}

// Private

/** Said at once where it can be; a name may still change its address later, so it is checked again at each sending. */
async function checkTarget(destination: AlertDestination): Promise<void> {
  const { hostname } = new URL(destination.kind === "email" ? destination.smtp : destination.url);
  try {
    await checkedAddress(hostname, destination.allow_private === true);
  } catch (error) {
    if (!(error instanceof ForbiddenTarget)) return;
    throw new Refusal(400, error.code, `Destination ${destination.id}: ${error.message}`, {
      hint: "If that is what you want, set allow_private: true.",
    });
  }
}
