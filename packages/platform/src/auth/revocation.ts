/**
 * The end of a token. It is refused from the first step on, everywhere; then what it owns is removed or passes to the admin; then it is gone. What
 * fails on the way leaves it `revoking`, and asking again goes on from there.
 */
import { GatewayError } from "@tidegate/gateway";
import type { Entities, Table } from "@tidegate/gateway";
import type { RevokedAnswer } from "../gateway-contract.ts";
import type { Identity } from "./auth.ts";
import { added, entries, inWords, summed, type Counts, type Holdings } from "./holdings.ts";
import { demandOwn } from "./scopes.ts";
import { ADMIN, nameOf, unknownToken } from "./token-data.ts";
import type { TokenData } from "./token-data.ts";
import type { TokenDirectory } from "./token-directory.ts";
import type { Tokens } from "./tokens.ts";

export interface RevocationDeps {
  readonly entities: Entities;
  readonly directory: TokenDirectory;
  readonly holdings: Holdings;
  readonly tokens: Tokens;
  readonly now?: () => number;
}

/** What both sides got, told in the answer. */
interface Settled {
  readonly removed: Counts;
  readonly passed: Counts;
}

export class Revocation {
  readonly #deps: RevocationDeps;
  readonly #table: Table<TokenData>;
  readonly #now: () => number;

  constructor(deps: RevocationDeps) {
    this.#deps = deps;
    this.#table = deps.entities.table<TokenData>("token");
    this.#now = deps.now ?? Date.now;
  }

  /** `cascade`: what it made goes with it, tokens included; for what is not the asker's own that needs `<resource>:admin`. */
  async revoke(who: Identity, given: string, cascade: boolean): Promise<RevokedAnswer> {
    const { name } = await this.#deps.tokens.mine(who, nameOf(given));
    const ends = cascade ? await this.#withThoseItMade(name) : [name];
    if (cascade) await this.#demandAllOf(who, ends);
    for (const one of ends) await this.#refuse(one, who.subject);
    let settled: Settled = { removed: summed([["tokens", ends.length - 1]]), passed: {} };
    for (const one of ends.toReversed()) settled = both(settled, await this.#settle(one, who.subject, cascade));
    return answer(name, settled);
  }

  // Private

  /** Itself first, then those it made, then those they made. */
  async #withThoseItMade(name: string): Promise<string[]> {
    const tokens = await this.#table.list();
    const found = new Set([name]);
    for (const maker of found) for (const token of tokens) if (token.data.created_by === maker) found.add(token.name);
    return [...found];
  }

  async #demandAllOf(who: Identity, names: readonly string[]): Promise<void> {
    const owns = await this.#deps.holdings.all();
    for (const name of names) {
      for (const [resource, count] of entries(owns(name)))
        demandOwn(who, resource, name, `What "${name}" owns (${inWords({ [resource]: count })})`);
    }
    if (names.length > 1) demandOwn(who, "tokens", names[0] ?? "", `What "${names[0]}" made (${names.length - 1} tokens)`);
  }

  async #refuse(name: string, by: string): Promise<void> {
    const revoked_at = this.#now();
    const events = [{ type: "token_revoked" as const, data: { token: name, by } }];
    try {
      await this.#table.update(name, by, (data) =>
        data.revoked_at === null ? { data: { ...data, revoked_at }, events, revision: false } : null,
      );
    } catch (error) {
      throw isCode(error, "UNKNOWN_ENTITY") ? unknownToken(name) : error;
    }
    await this.#deps.directory.changed(name);
  }

  async #settle(name: string, by: string, cascade: boolean): Promise<Settled> {
    const { holdings } = this.#deps;
    const removed = cascade ? await holdings.remove(name, by) : {};
    await this.#remove(name, by);
    await this.#deps.directory.changed(name);
    // Without cascade everything; with it only what a request under way has made since.
    return { removed, passed: added(await this.#passTokens(name, by), await holdings.pass(name, ADMIN, by)) };
  }

  async #passTokens(name: string, by: string): Promise<Counts> {
    const made = (await this.#table.list()).filter(({ data }) => data.created_by === name);
    for (const token of made) {
      const passed = this.#table.update(token.name, by, (data) => ({ data: { ...data, created_by: ADMIN }, revision: false }));
      await passed.catch((error: unknown) => (isCode(error, "UNKNOWN_ENTITY") ? undefined : Promise.reject(error as Error)));
    }
    return summed([["tokens", made.length]]);
  }

  async #remove(name: string, by: string): Promise<void> {
    for (;;) {
      const token = await this.#table.get(name);
      if (token === null) return;
      try {
        return await this.#table.remove(token, by);
      } catch (error) {
        // Its last use was noted meanwhile, or somebody else is doing the same.
        if (!isCode(error, "VERSION_CONFLICT") && !isCode(error, "UNKNOWN_ENTITY")) throw error;
      }
    }
  }
}

// Private

function both(one: Settled, other: Settled): Settled {
  return { removed: added(one.removed, other.removed), passed: added(one.passed, other.passed) };
}

function answer(name: string, { removed, passed }: Settled): RevokedAnswer {
  const went = entries(removed).length === 0 ? "" : ` ${inWords(removed)} went with it.`;
  const stays = entries(passed).length === 0 ? "" : ` What it owned belongs to ${ADMIN} now: ${inWords(passed)}.`;
  const detail = `The token "${name}" is revoked.${went}${stays}`;
  return { name, removed, passed, passed_to: stays === "" ? null : ADMIN, detail };
}

function isCode(error: unknown, code: GatewayError["code"]): boolean {
  return error instanceof GatewayError && error.code === code;
}
